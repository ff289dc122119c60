//! What every engine has to do, through `dyn Store` alone. An engine brings a function that opens
//! an empty store, if it can be had here, and one line at the foot of this file.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test says why it fails by panicking"
)]

mod arriving;
mod certificates;
#[expect(dead_code, reason = "the contract needs one server that lives")]
#[path = "../cluster/mod.rs"]
mod cluster;
mod contention;
mod drawing;
mod listing;
mod log;
mod make;
mod model;
mod parties;
#[path = "../random/mod.rs"]
mod random;
mod recall;
mod recovery;

use std::any::Any;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use make::home;
use ytterby_store::{Postgres, PostgresOptions, Replication, Sqlite, SqliteOptions, Store};

/// An empty store and what has to live as long as it.
struct Fixture {
    store: Box<dyn Store>,
    _place: Box<dyn Any>,
}

/// One `#[test]` per case, each on a store of its own.
macro_rules! contract {
    ($engine:ident, $open:expr, $($module:ident :: $case:ident),* $(,)?) => {
        mod $engine {
            use super::*;

            $(
                #[test]
                fn $case() {
                    let fixture: Option<Fixture> = $open();
                    if let Some(fixture) = fixture {
                        $module::$case(&*fixture.store);
                    }
                }
            )*
        }
    };
    ($engine:ident, $open:expr) => {
        contract!(
            $engine,
            $open,
            arriving::a_lot_is_admitted_once_and_drawn_on,
            arriving::a_label_of_elsewhere_is_in_nobodys_way,
            arriving::a_lot_comes_back,
            arriving::what_does_not_belong_together_is_not_admitted,
            certificates::what_is_registered_is_read,
            certificates::accreditations_are_found_by_whom_they_accredit,
            certificates::names_are_taken_once,
            certificates::an_idempotency_key_is_stored_with_its_certificates,
            certificates::a_failing_registration_leaves_no_trace,
            certificates::a_write_goes_on_when_its_caller_is_gone,
            certificates::bytes_and_digest_belong_together,
            drawing::draws_stop_at_the_content,
            drawing::only_the_holder_draws,
            drawing::nothing_draws_on_a_closed_lot,
            drawing::lots_of_one_registration_are_drawn_in_order,
            drawing::a_lineage_has_all_that_is_behind,
            listing::every_filter_fits,
            listing::pages_do_not_shift,
            recall::a_status_is_an_entry_and_a_bit,
            recall::events_are_proven,
            recall::kin_are_found_both_ways,
            recall::a_halt_stops_the_next_registration,
            parties::issuers_have_one_did_and_one_name,
            parties::a_new_custodial_key_retires_the_old_one,
            parties::api_keys_are_found_listed_and_revoked,
            parties::each_caller_is_told_his_own,
            log::what_is_kept_is_logged_and_nothing_else,
            log::old_heads_stay_and_lead_to_new_ones,
            log::what_was_cosigned_first_stays_first,
            recovery::what_was_lost_is_counted_again,
            recovery::what_does_not_fit_is_not_recovered,
            recovery::admissions_and_statuses_are_taken_back,
            model::random_requests_do_what_the_model_does,
            contention::no_milligram_is_drawn_twice,
            contention::one_idempotency_key_makes_one_certificate,
        );
    };
}

/// A new database of a server that all tests of this program share.
fn database(bin: &'static Path) -> String {
    static SHARED: Mutex<Option<(cluster::Server, u32)>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let (server, count) = shared.get_or_insert_with(|| (cluster::Server::start(bin, &[]), 0));
    *count += 1;
    let name = format!("store_{count}");
    server.ask(&format!("CREATE DATABASE {name}")).unwrap();
    server.url(&name)
}

contract!(sqlite, || {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("store.db"), &home(), SqliteOptions::default()).unwrap();
    Some(Fixture { store: Box::new(store), _place: Box::new(folder) })
});

contract!(postgres, || {
    let url = database(cluster::programs()?);
    let options = PostgresOptions { replication: Replication::Any, ..PostgresOptions::default() };
    let store = Postgres::open(&url, &home(), options).unwrap();
    Some(Fixture { store: Box::new(store), _place: Box::new(()) })
});
