//! Answers that a hostile issuer would like, and must not get.

use std::sync::Arc;

use super::*;
use crate::profile::{ElementProfile, Profile, Share, StageProfile};

/// A pack with one clause that asks this.
fn pack(scope: &str, ask: &str) -> RulePack {
    let text = format!(
        "pack = \"ytterby.rules/1\"\nid = \"own\"\ntitle = \"own\"\njurisdiction = \"INT\"\ninstrument = \"own\"\n\
         as-of = \"2026-11-23\"\nconfidence = \"made up\"\n[[clause]]\nid = \"own\"\ntitle = \"own\"\n{scope}\n\
         [[clause.ask]]\n{ask}\n"
    );
    RulePack::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn answer(pack: &RulePack, facts: &Facts) -> Answer {
    pack.judge(facts, "2026-11-23T00:00:00Z".parse().unwrap()).answer
}

fn share(low: &str, high: &str) -> Share {
    Share::between(Percent::parse(low).unwrap(), Percent::parse(high).unwrap())
}

/// Neodymium with a separation that is described by hand.
fn separated(describe: impl FnOnce(&mut StageProfile)) -> Facts {
    let element = Element::parse("Nd").unwrap();
    let mut stage = StageProfile::of(Stage::parse("separation").unwrap());
    describe(&mut stage);
    let mut own = ElementProfile::empty(element, 1_000);
    own.stages.push(stage);
    let mut facts = Facts::default();
    facts.content.set(element, 1_000);
    facts.profile = Some(Profile { lot: Digest::of(b"lot"), weakest_custody: None, elements: vec![own] });
    facts
}

fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

/// Half of the metal was separated twice, in two countries, and nobody says where the other half was.
#[test]
fn what_was_separated_twice_is_not_told_twice() {
    let pack =
        pack("", "that = \"disclosed\"\ngroups = [{ name = \"separated\", stages = [\"separation\"] }]");
    let half = || share("50", "50");
    let twice = separated(|stage| {
        stage.done = half();
        stage.countries = vec![(Some(country("MY")), half()), (Some(country("EE")), half())];
    });
    assert_eq!(answer(&pack, &twice), Answer::NotDemonstrated);
    let all = separated(|stage| {
        stage.done = Share::ALL;
        stage.countries = vec![(Some(country("MY")), half()), (Some(country("EE")), half())];
    });
    assert_eq!(answer(&pack, &all), Answer::Pass);
    let unnamed = separated(|stage| {
        stage.done = Share::ALL;
        stage.countries = vec![(Some(country("MY")), Share::ALL), (None, share("0", "1"))];
    });
    assert_eq!(answer(&pack, &unnamed), Answer::NotDemonstrated);
}

/// Half of it passed two plants in two named regions, the other half a plant in a region that is not named.
#[test]
fn two_regions_of_one_half_do_not_hide_the_other() {
    let regions = |stage: &mut StageProfile| {
        let (cn, half) = (country("CN"), || share("50", "50"));
        stage.done = Share::ALL;
        stage.countries = vec![(Some(cn), Share::ALL)];
        stage.regions = vec![((cn, "Baotou".into()), half()), ((cn, "Ganzhou".into()), half())];
    };
    let contribution = pack(
        "",
        "that = \"contribution\"\nelements = [\"Nd\"]\nstages = [\"separation\"]\ncountries = [\"CN\"]\nregions = [\"Xinjiang\"]",
    );
    let disclosed = pack(
        "",
        "that = \"disclosed\"\nwith-regions = true\ngroups = [{ name = \"separated\", stages = [\"separation\"] }]",
    );
    for pack in [&contribution, &disclosed] {
        assert_eq!(answer(pack, &separated(regions)), Answer::Pass);
        let hidden = separated(|stage| {
            regions(stage);
            stage.unplaced = vec![(country("CN"), share("50", "50"))];
        });
        assert_eq!(answer(pack, &hidden), Answer::NotDemonstrated);
    }
    let certain = separated(|stage| {
        regions(stage);
        stage.regions.push(((country("CN"), "Xinjiang".into()), share("1", "1")));
    });
    assert_eq!(answer(&contribution, &certain), Answer::Fail);
}

/// A clause about magnets of neodymium, iron and boron is not escaped by leaving out the boron.
#[test]
fn an_element_that_is_left_out_is_no_way_out() {
    let pack = pack(
        "scope = { holds-all = [\"Nd\", \"B\"], absent-below = \"0.01\" }",
        "that = \"contribution\"\nelements = [\"Nd\"]\nstages = [\"separation\"]\ncountries = [\"CN\"]",
    );
    let chinese = |stage: &mut StageProfile| {
        stage.done = Share::ALL;
        stage.countries = vec![(Some(country("CN")), Share::ALL)];
    };
    let mut facts = separated(chinese);
    assert_eq!(answer(&pack, &facts), Answer::NotDemonstrated);
    let boron = Element::parse("B").unwrap();
    for (limit, expected) in [("0.01", Answer::NotApplicable), ("0.010001", Answer::NotDemonstrated)] {
        facts.limits = vec![(boron, Percent::parse(limit).unwrap())];
        assert_eq!(answer(&pack, &facts), expected, "{limit}");
    }
    facts.content.set(boron, 1);
    assert_eq!(answer(&pack, &facts), Answer::Fail);
    // What holds no neodymium is another thing.
    facts.content = crate::masses::Masses::from_iter([(boron, 1)]);
    assert_eq!(answer(&pack, &facts), Answer::NotApplicable);
}

/// Fifty thousand parties against a list of fifty thousand: in the time of reading both.
#[test]
fn screening_does_not_multiply() {
    const MANY: usize = 50_000;
    let pack = pack("", "that = \"screened\"\nlists = [\"l\"]");
    let party =
        |n: usize| Party { did: Some(format!("did:web:p{n}.example")), name: Some(format!("Party {n}")) };
    let list = |last: &str| {
        let entries = (0..MANY).map(|n| format!("Bad {n} & Co.")).chain([last.to_owned()]).collect();
        Arc::from([Screening::new("l".to_owned(), jiff::civil::date(2026, 11, 1), entries)])
    };
    let mut facts = Facts { screening: list("Nobody"), ..Facts::default() };
    facts.parties = Arc::new((0..MANY).map(party).collect::<Vec<_>>().into());
    assert_eq!(answer(&pack, &facts), Answer::Pass);
    facts.screening = list("PARTY  49,999");
    assert_eq!(answer(&pack, &facts), Answer::Pass);
    facts.screening = list("PARTY  49999");
    let found = pack.judge(&facts, "2026-11-23T00:00:00Z".parse().unwrap());
    assert_eq!(found.answer, Answer::Fail);
    assert_eq!(found.clauses[0].reason, "Party 49999 is on l of 2026-11-01");
    facts.screening = list("did:web:p7.example");
    assert_eq!(answer(&pack, &facts), Answer::Fail);
}

/// A region whose name does not fit into the table of names is not taken for another region.
#[test]
fn a_region_beyond_the_table_of_names_is_not_told() {
    let names: Vec<String> = (0..5_000).map(|n| format!("Region {n}")).collect();
    let mut keys = crate::profile::Keys::default();
    let told = names.iter().filter(|name| keys.own_name(name).is_some()).count();
    assert_eq!(told, 4_096);
    assert!(keys.own_name("Region 7").is_some() && keys.own_name("Xinjiang").is_none());
    let rest = keys.name("Xinjiang");
    assert_eq!(keys.text(rest), "others");
}

/// Brackets without end are refused, and end no program.
#[test]
fn nested_packs_and_lists_are_refused() {
    for open in ["[", "{a=", "[{a="] {
        let text = format!("id = {}", open.repeat(100_000));
        assert!(
            RulePack::parse(text.as_bytes()).is_err() && Screening::parse(text.as_bytes()).is_err(),
            "{open}"
        );
    }
}

/// A lot that states none of what is asked about shows nothing: neither where nobody looked for it.
#[test]
fn what_states_nothing_passes_nothing() {
    let nothing = || Facts {
        profile: separated(|_| {}).profile.map(|mut own| {
            own.elements.clear();
            own
        }),
        ..Facts::default()
    };
    for ask in [
        "that = \"contribution\"\nelements = [\"Nd\"]\nstages = [\"separation\"]\ncountries = [\"CN\"]",
        "that = \"contribution\"\nstages = [\"separation\"]\ncountries = [\"CN\"]",
        "that = \"recycled\"\nelements = [\"Nd\"]\nof = [\"post-consumer\"]\nat-least = \"25\"",
        "that = \"disclosed\"\ngroups = [{ name = \"separated\", stages = [\"separation\"] }]",
    ] {
        assert_eq!(answer(&pack("", ask), &nothing()), Answer::NotApplicable, "{ask}");
        let scoped = pack("scope = { holds-any = [\"Nd\"] }", ask);
        assert_eq!(answer(&scoped, &nothing()), Answer::NotDemonstrated, "{ask}");
    }
    let within = "that = \"within\"\nelements = [\"Nd\"]\nstages = [\"separation\"]\ncountries = [\"US\"]\nat-least = \"100\"";
    assert_eq!(answer(&pack("", within), &nothing()), Answer::NotDemonstrated);
}
