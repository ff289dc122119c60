//! The routes: method, path, who may use it, and the handler. One endpoint, one file.

mod admission;
mod api_key_create;
mod api_key_list;
mod api_key_revoke;
mod body;
mod certificate_batch;
mod certificate_bundle;
mod certificate_issue;
mod certificate_kin;
mod certificate_list;
mod certificate_read;
mod certificate_receipt;
mod certificate_status;
mod docs;
mod edge;
mod halt;
mod issuer_add;
mod issuer_did;
mod issuer_key_add;
mod issuer_key_list;
mod issuer_list;
mod issuer_read;
mod log_checkpoint;
mod log_tile;
mod lot_close;
mod lot_read;
mod openapi;
mod problem_read;
mod service;
mod status_bulk;
mod status_list;
mod verify;
mod whoami;

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use ytterby_store::Scope;

use crate::app::App;
use crate::auth::{Access, guard};
use crate::problem::Problem;
pub use openapi::document;

/// A route.
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, with names in braces.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    handler: MethodRouter<App>,
}

/// Every route there is.
pub fn routes() -> Vec<Route> {
    let (read, issue, manage) =
        (Access::Scope(Scope::Read), Access::Scope(Scope::Issue), Access::Scope(Scope::Manage));
    let admin = Access::Scope(Scope::Admin);
    let at = |method, path, access, handler| Route { method, path, access, handler };
    let (get_, post_, delete_) = (Method::GET, Method::POST, Method::DELETE);
    vec![
        at(post_.clone(), "/v1/certificates", issue, post(certificate_issue::handle)),
        at(post_.clone(), "/v1/certificates/batch", issue, post(certificate_batch::handle)),
        at(get_.clone(), "/v1/certificates", read, get(certificate_list::handle)),
        at(get_.clone(), "/v1/certificates/{id}", read, get(certificate_read::handle)),
        at(get_.clone(), "/v1/certificates/{id}/bundle", read, get(certificate_bundle::handle)),
        at(get_.clone(), "/v1/certificates/{id}/receipt", read, get(certificate_receipt::handle)),
        at(get_.clone(), "/v1/certificates/{id}/behind", read, get(certificate_kin::behind)),
        at(get_.clone(), "/v1/certificates/{id}/after", read, get(certificate_kin::after)),
        at(get_.clone(), "/v1/certificates/{id}/status", read, get(certificate_status::read)),
        at(post_.clone(), "/v1/certificates/{id}/status", manage, post(certificate_status::change)),
        at(post_.clone(), "/v1/certificates/status", manage, post(status_bulk::handle)),
        at(get_.clone(), "/v1/status-lists/{n}", Access::Public, get(status_list::revocations)),
        at(get_.clone(), "/v1/status-lists/{n}/suspension", Access::Public, get(status_list::suspensions)),
        at(post_.clone(), "/v1/admissions", issue, post(admission::handle)),
        at(get_.clone(), "/v1/halt", admin, get(halt::read)),
        at(post_.clone(), "/v1/halt", admin, post(halt::stop)),
        at(delete_.clone(), "/v1/halt", admin, delete(halt::go_on)),
        at(get_.clone(), "/v1/lots/{id}", read, get(lot_read::handle)),
        at(post_.clone(), "/v1/lots/{id}/close", issue, post(lot_close::handle)),
        at(post_.clone(), "/v1/verify", Access::Public, post(verify::handle)),
        at(get_.clone(), "/v1/issuers", read, get(issuer_list::handle)),
        at(post_.clone(), "/v1/issuers", admin, post(issuer_add::handle)),
        at(get_.clone(), "/v1/issuers/{name}", read, get(issuer_read::handle)),
        at(get_.clone(), "/v1/issuers/{name}/keys", read, get(issuer_key_list::handle)),
        at(post_.clone(), "/v1/issuers/{name}/keys", manage, post(issuer_key_add::handle)),
        at(get_.clone(), "/v1/api-keys", manage, get(api_key_list::handle)),
        at(post_, "/v1/api-keys", manage, post(api_key_create::handle)),
        at(delete_, "/v1/api-keys/{id}", manage, delete(api_key_revoke::handle)),
        at(get_.clone(), "/v1/whoami", Access::Key, get(whoami::handle)),
        at(get_.clone(), "/issuers/{name}/did.json", Access::Public, get(issuer_did::handle)),
        at(get_.clone(), "/log/checkpoint", Access::Public, get(log_checkpoint::handle)),
        at(get_.clone(), "/log/tile/{*path}", Access::Public, get(log_tile::handle)),
        at(get_.clone(), "/livez", Access::Public, get(service::livez)),
        at(get_.clone(), "/readyz", Access::Public, get(service::readyz)),
        at(get_.clone(), "/version", Access::Public, get(service::version)),
        at(get_.clone(), "/problems/{code}", Access::Public, get(problem_read::handle)),
        at(get_.clone(), "/openapi.json", Access::Public, get(openapi::handle)),
        at(get_, "/docs", Access::Public, get(docs::handle)),
    ]
}

/// The service.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for Route { path, access, handler, .. } in routes() {
        let handler = match access {
            Access::Public => handler,
            access => handler.route_layer(from_fn_with_state((app.clone(), access), guard)),
        };
        router = router.route(path, handler);
    }
    router
        .fallback(async || Problem::not_found("no route has this path; see /openapi.json"))
        .layer(map_response_with_state((), method_not_allowed))
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn_with_state(app.clone(), edge::edge))
        .with_state(app)
}

/// The framework's empty 405, as a problem.
async fn method_not_allowed(response: Response) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers().get(axum::http::header::ALLOW).cloned();
    let title = "the path is there, the method is not";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "request.method", title, "see `Allow`");
    let mut response = axum::response::IntoResponse::into_response(problem);
    if let Some(allow) = allow {
        response.headers_mut().insert(axum::http::header::ALLOW, allow);
    }
    response
}
