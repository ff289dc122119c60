//! `GET /log/tile/{path}`: tiles of the tree, and bundles of entries.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use ytterby_store::Scope;
use ytterby_tlog::{Bundle, Tile};

use super::body::{Name, typed};
use crate::app::App;
use crate::auth::{Access, permit};
use crate::config::Entries;
use crate::problem::Problem;

/// A tile (`0/x001/234`, `1/000.p/7`) or a bundle of entries (`entries/x001/234`), C2SP tlog-tiles.
///
/// What is not covered by the published checkpoint is not there yet. A registry can keep its entries for
/// those who have a key with the scope `read` (401 and 403 for others); tiles are always public.
#[utoipa::path(
    get, path = "/log/tile/{path}", tag = "log", operation_id = "readTile",
    params(("path" = String, Path, description = "Level or `entries`, then the index in groups of three digits, and `.p/W` for the first W")),
    responses(
        (status = 200, description = "Hashes, or entries with their lengths in two bytes before each", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "No tile, or the log does not reach it yet", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn handle(
    State(app): State<App>,
    Name(path): Name,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let log = app.registrar().log();
    // Asked before anything is looked up, for whatever begins like entries.
    let restricted = log.entries() == Entries::Restricted && path.starts_with("entries");
    if restricted {
        permit(&app, &headers, Access::Scope(Scope::Read)).await?;
    }
    let path = format!("tile/{path}");
    let size = log.published_size();
    let bytes = match (Tile::parse(&path), Bundle::parse(&path)) {
        (Some(tile), _) if tile.end() <= size => app.store().tile(tile).await?,
        (_, Some(bundle)) if bundle.indices().end <= size => Some(entries(&app, bundle).await?),
        _ => None,
    };
    let bytes = bytes.ok_or_else(|| Problem::not_found("the log has no such tile, or not yet"))?;
    let mut response = typed(StatusCode::OK, "application/octet-stream", bytes);
    // What is logged never changes; what few may read is in no cache that others share.
    let forever = match restricted {
        true => "private, max-age=31536000, immutable",
        false => "public, max-age=31536000, immutable",
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(forever));
    Ok(response)
}

async fn entries(app: &App, bundle: Bundle) -> Result<Vec<u8>, Problem> {
    let indices = bundle.indices();
    let most = usize::try_from(indices.end - indices.start).unwrap_or_default();
    let entries = app.store().entries(indices.start, most).await?;
    bundle
        .encode(entries.iter().map(Vec::as_slice))
        .map_err(|error| Problem::internal("the entries of a bundle", &error))
}
