//! What each kind asks of the entries that are stated. Every answer must be true whatever else the
//! log holds. Implements the table of proto-docs/monitoring.md, "Evidence".

use super::{Kind, Logged};
use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::entry::{Draw, Entry};
use crate::form::StatusPurpose;
use crate::masses::Masses;
use crate::status_list::StatusList;
use crate::wire::Home;

/// A sentence that says what was done, or why nothing is shown.
type Shown = Result<String, &'static str>;

/// Whether entries, in this order, show a kind.
pub(super) fn shows(kind: Kind, entries: &[Logged<'_>]) -> Shown {
    if !kind.is_between_logs() && entries.windows(2).any(|pair| pair[0].origin != pair[1].origin) {
        return Err("the entries are of several logs");
    }
    match kind {
        Kind::SplitView => Err("it takes two checkpoints"),
        Kind::StatusList => Err("it takes a status list"),
        Kind::DoubleRegistration => two(entries).and_then(|(a, b)| double_registration(a, b)),
        Kind::DoubleAdmission => two(entries).and_then(|(a, b)| double_admission(a, b)),
        Kind::DoubleSeq => two(entries).and_then(|(a, b)| double_seq(a, b)),
        Kind::WrongCumulative => match entries {
            [one] => wrong_alone(one),
            _ => two(entries).and_then(|(a, b)| wrong_together(a, b)),
        },
        Kind::OverDraw => match entries {
            [one] => transfer_exceeds_draws(one),
            _ => two(entries).and_then(|(a, b)| over_draw(a, b)),
        },
        Kind::WrongHome => match entries {
            [one] => wrong_home(one),
            _ => two(entries).and_then(|(a, b)| used_elsewhere(a, b)),
        },
        Kind::DrawnOnNoLot => two(entries).and_then(|(a, b)| drawn_on_no_lot(a, b)),
        Kind::DrawnAfterClosing => two(entries).and_then(|(a, b)| drawn_after_closing(a, b)),
        Kind::DrawnAfterRevocation => two(entries).and_then(|(a, b)| drawn_after_revocation(a, b)),
        Kind::DrawnWhileSuspended => drawn_while_suspended(entries),
        Kind::RevocationLifted => match entries {
            [one] => revocation_lifted(one),
            _ => Err("it takes one entry"),
        },
        Kind::InflatedAdmission => two(entries).and_then(|(a, b)| inflated_admission(a, b)),
        Kind::UnfoundedAdmission => two(entries).and_then(|(a, b)| unfounded_admission(a, b)),
        Kind::AdmittedElsewhere => two(entries).and_then(|(a, b)| admitted_elsewhere(a, b)),
    }
}

fn two<'s, 'e>(entries: &'s [Logged<'e>]) -> Result<(&'s Logged<'e>, &'s Logged<'e>), &'static str> {
    match entries {
        // One entry stated twice is one entry. Two entries at one place are two histories.
        [a, b] if a.origin == b.origin && a.index == b.index && a.entry == b.entry => {
            Err("one entry is stated twice")
        }
        [a, b] => Ok((a, b)),
        _ => Err("it takes two entries"),
    }
}

/// The certificate that an entry registers or admits.
fn arrival(entry: &Entry) -> Option<Digest> {
    matches!(entry, Entry::Certificate(_) | Entry::Admission(_)).then(|| entry.certificate())
}

fn content(entry: &Entry) -> Option<&Masses> {
    match entry {
        Entry::Certificate(entry) => entry.content(),
        Entry::Admission(admission) => Some(admission.content()),
        Entry::Closing(_) | Entry::Status(_) => None,
    }
}

fn home(entry: &Entry) -> Option<&Home> {
    match entry {
        Entry::Certificate(entry) => Some(entry.home()),
        Entry::Admission(admission) => Some(admission.home()),
        Entry::Closing(_) | Entry::Status(_) => None,
    }
}

fn draws(entry: &Entry) -> &[Draw] {
    if let Entry::Certificate(entry) = entry { entry.draws() } else { &[] }
}

fn draw_on(entry: &Entry, lot: Digest) -> Option<&Draw> {
    draws(entry).iter().find(|draw| draw.lot() == lot)
}

/// Whether an entry draws on a lot or closes it.
fn uses(entry: &Entry, lot: Digest) -> bool {
    draw_on(entry, lot).is_some() || matches!(entry, Entry::Closing(closing) if closing.certificate == lot)
}

fn double_registration(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    let both_admit = matches!((a.entry, b.entry), (Entry::Admission(_), Entry::Admission(_)));
    match (arrival(a.entry), arrival(b.entry)) {
        (Some(one), Some(other)) if one == other && !both_admit => {
            Ok(format!("{one} is registered by entry {} and again by entry {}", a.index, b.index))
        }
        _ => Err("the entries do not register one certificate twice"),
    }
}

fn double_admission(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    match (a.entry, b.entry) {
        (Entry::Admission(one), Entry::Admission(other)) if one.certificate() == other.certificate() => Ok(
            format!("{} is admitted by entry {} and again by entry {}", one.certificate(), a.index, b.index),
        ),
        _ => Err("the entries do not admit one lot twice"),
    }
}

fn double_seq(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    for one in draws(a.entry) {
        if draw_on(b.entry, one.lot()).is_some_and(|other| one.seq() == other.seq()) {
            let (lot, seq) = (one.lot(), one.seq());
            return Ok(format!("entries {} and {} are both draw {seq} on the lot {lot}", a.index, b.index));
        }
    }
    Err("the entries have no draws of one number on one lot")
}

fn wrong_alone(logged: &Logged<'_>) -> Shown {
    let wrong = draws(logged.entry).iter().find(|draw| {
        let exact = draw.amount() == draw.cumulative();
        exceeds(draw.amount(), draw.cumulative()) || (draw.seq() == 1 && !exact)
    });
    let draw = wrong.ok_or("no draw has more, or at number 1 other, than its cumulative amount")?;
    Ok(format!(
        "entry {} is draw {} on the lot {}, with a cumulative amount that does not hold the draw itself",
        logged.index,
        draw.seq(),
        draw.lot()
    ))
}

fn wrong_together(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    for earlier in draws(a.entry) {
        let Some(later) = draw_on(b.entry, earlier.lot()) else { continue };
        if later.seq() <= earlier.seq() {
            continue;
        }
        let mut least = earlier.cumulative().clone();
        least.add_all(later.amount());
        let next = later.seq() - earlier.seq() == 1;
        if exceeds(&least, later.cumulative()) || (next && least != *later.cumulative()) {
            return Ok(format!(
                "draws {} and {} on the lot {}, entries {} and {}, do not add up",
                earlier.seq(),
                later.seq(),
                earlier.lot(),
                a.index,
                b.index
            ));
        }
    }
    Err("the draws of the two entries add up as far as they show")
}

fn over_draw(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    let lot = arrival(a.entry).ok_or("the first entry neither registers nor admits a lot")?;
    let content = content(a.entry).ok_or("the first entry states no content")?;
    let draw = draw_on(b.entry, lot).ok_or("the second entry does not draw on the lot of the first")?;
    let over = draw.cumulative().iter().find(|(element, mg)| *mg > content.get(*element));
    let (element, mg) = over.ok_or("what is drawn does not exceed the content")?;
    Ok(format!(
        "entry {} brings what was drawn from the lot {lot} to {} kg {element}; entry {} states that it holds {} kg",
        b.index,
        kilograms(mg),
        a.index,
        kilograms(content.get(element))
    ))
}

fn transfer_exceeds_draws(logged: &Logged<'_>) -> Shown {
    let Entry::Certificate(entry) = logged.entry else { return Err("the entry registers nothing") };
    if entry.kind() != crate::form::Kind::Transfer {
        return Err("the entry does not register a transfer");
    }
    let drawn = |element| entry.draws().iter().map(|draw| draw.amount().get(element)).sum::<u64>();
    let mut content = entry.content().into_iter().flat_map(|content| content.iter());
    let over = content.find(|(element, mg)| *mg > drawn(*element));
    let (element, mg) = over.ok_or("the transfer holds no more than it draws")?;
    Ok(format!(
        "entry {} registers a transfer of {} kg {element} that draws {} kg",
        logged.index,
        kilograms(mg),
        kilograms(drawn(element))
    ))
}

fn wrong_home(logged: &Logged<'_>) -> Shown {
    let elsewhere = |home: &Home| home.as_str() != logged.origin;
    match logged.entry {
        Entry::Certificate(entry)
            if entry.kind() != crate::form::Kind::Transfer && elsewhere(entry.home()) =>
        {
            Ok(format!("entry {} registers what has its home in {}", logged.index, entry.home()))
        }
        Entry::Admission(admission) if elsewhere(admission.home()) => {
            Ok(format!("entry {} admits what has its home in {}", logged.index, admission.home()))
        }
        Entry::Admission(admission) if !elsewhere(admission.from()) => {
            Ok(format!("entry {} admits a lot from the log itself", logged.index))
        }
        _ => Err("the entry is in the log in which it belongs"),
    }
}

fn used_elsewhere(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    let lot = arrival(a.entry).ok_or("the first entry neither registers nor admits a lot")?;
    if let (Entry::Admission(_), Entry::Status(change)) = (a.entry, b.entry)
        && change.certificate == lot
    {
        return Ok(format!(
            "entry {} changes the status of {lot}, which entry {} admits from another log",
            b.index, a.index
        ));
    }
    let home = home(a.entry).filter(|home| home.as_str() != a.origin);
    let home = home.ok_or("the lot of the first entry has its home here")?;
    if !uses(b.entry, lot) {
        return Err("the second entry neither draws on the lot of the first nor closes it");
    }
    Ok(format!("entry {} uses the lot {lot}, which entry {} takes to {home}", b.index, a.index))
}

fn drawn_on_no_lot(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    match a.entry {
        Entry::Certificate(entry) if entry.content().is_none() && uses(b.entry, entry.certificate()) => {
            let certificate = entry.certificate();
            Ok(format!("entry {} uses {certificate}, which by entry {} is no lot", b.index, a.index))
        }
        _ => Err("the second entry does not use what the first registers without amounts"),
    }
}

fn drawn_after_closing(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    let lot = match a.entry {
        Entry::Closing(closing) => closing.certificate,
        Entry::Certificate(entry) if entry.is_delivered() => entry.certificate(),
        _ => return Err("the first entry closes no lot"),
    };
    if b.index > a.index && matches!(b.entry, Entry::Closing(closing) if closing.certificate == lot) {
        return Ok(format!("entry {} closes the lot {lot}, which entry {} has closed", b.index, a.index));
    }
    drawn_after(a, b, lot, "closed")
}

fn drawn_after_revocation(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    match a.entry {
        Entry::Status(change) if change.purpose == StatusPurpose::Revocation && change.value => {
            drawn_after(a, b, change.certificate, "revoked")
        }
        _ => Err("the first entry revokes nothing"),
    }
}

fn drawn_after(a: &Logged<'_>, b: &Logged<'_>, lot: Digest, what: &str) -> Shown {
    if b.index <= a.index {
        return Err("the draw does not come later");
    }
    match draw_on(b.entry, lot) {
        Some(_) => {
            Ok(format!("entry {} draws on the lot {lot}, which entry {} has {what}", b.index, a.index))
        }
        None => Err("the second entry does not draw on the lot of the first"),
    }
}

fn drawn_while_suspended(entries: &[Logged<'_>]) -> Shown {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Err("nothing is stated");
    };
    let lot = match first.entry {
        Entry::Status(change) if change.purpose == StatusPurpose::Suspension && change.value => {
            change.certificate
        }
        _ => return Err("the first entry suspends nothing"),
    };
    // An entry that is left out could have lifted it.
    if !entries.windows(2).all(|pair| pair[0].index.checked_add(1) == Some(pair[1].index)) {
        return Err("not every entry between the suspension and the draw is stated");
    }
    let lifted = |logged: &Logged<'_>| {
        matches!(logged.entry, Entry::Status(change)
            if change.certificate == lot && change.purpose == StatusPurpose::Suspension && !change.value)
    };
    if entries.iter().any(lifted) {
        return Err("the suspension was lifted before the draw");
    }
    drawn_after(first, last, lot, "suspended")
}

/// A registration and the revocation of it, against a list of the log that says otherwise.
pub(super) fn status_list(list: &StatusList, entries: &[Logged<'_>]) -> Shown {
    let (registered, revoked) = two(entries)?;
    let Entry::Certificate(entry) = registered.entry else { return Err("the first entry registers nothing") };
    let certificate = entry.certificate();
    match revoked.entry {
        Entry::Status(change)
            if change.certificate == certificate
                && change.purpose == StatusPurpose::Revocation
                && change.value => {}
        _ => return Err("the second entry does not revoke what the first registers"),
    }
    if [registered, revoked].iter().any(|logged| logged.origin != list.log.as_str()) {
        return Err("the list and the entries are of different logs");
    }
    if list.purpose != StatusPurpose::Revocation || revoked.index >= list.size {
        return Err("the list is not about revocations up to the second entry");
    }
    match list.get(registered.index) {
        Some(false) => Ok(format!(
            "the status list of {} entries has {certificate} unrevoked, which entry {} revokes",
            list.size, revoked.index
        )),
        Some(true) => Err("the list says what the entries say"),
        None => Err("the list is not about the first entry"),
    }
}

fn revocation_lifted(logged: &Logged<'_>) -> Shown {
    match logged.entry {
        Entry::Status(change) if change.purpose == StatusPurpose::Revocation && !change.value => {
            Ok(format!("entry {} lifts a revocation of {}", logged.index, change.certificate))
        }
        _ => Err("the entry lifts no revocation"),
    }
}

/// The admission, and whether the other entry is the one that it names.
fn named<'e>(a: &Logged<'e>, b: &Logged<'_>) -> Result<&'e crate::entry::Admission, &'static str> {
    let Entry::Admission(admission) = a.entry else { return Err("the first entry admits nothing") };
    if b.origin != admission.from().as_str() || b.index != admission.index() {
        return Err("the second entry is not the one from which the first admits");
    }
    Ok(admission)
}

fn inflated_admission(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    let admission = named(a, b)?;
    match b.entry {
        Entry::Certificate(entry)
            if entry.certificate() == admission.certificate()
                && entry.content() != Some(admission.content()) =>
        {
            Ok(format!(
                "entry {} of {} admits {} with another content than entry {} of {} registers",
                a.index,
                a.origin,
                admission.certificate(),
                b.index,
                b.origin
            ))
        }
        _ => Err("the second entry registers no other content of the lot"),
    }
}

fn unfounded_admission(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    let admission = named(a, b)?;
    let founded = match b.entry {
        Entry::Certificate(entry) => {
            entry.certificate() == admission.certificate()
                && entry.kind() == crate::form::Kind::Transfer
                && !entry.is_delivered()
                && entry.home() == admission.home()
        }
        _ => false,
    };
    if founded {
        return Err("the second entry registers the transfer that is admitted");
    }
    Ok(format!(
        "entry {} of {} admits {} from entry {} of {}, which is no transfer of it to there",
        a.index,
        a.origin,
        admission.certificate(),
        b.index,
        b.origin
    ))
}

fn admitted_elsewhere(a: &Logged<'_>, b: &Logged<'_>) -> Shown {
    if a.origin == b.origin {
        return Err("both entries are of one log");
    }
    let certificate = arrival(a.entry).ok_or("the first entry neither registers nor admits")?;
    if arrival(b.entry) != Some(certificate) {
        return Err("the entries are not about one certificate");
    }
    match (home(a.entry), home(b.entry)) {
        (Some(one), Some(other)) if one != other => Ok(format!(
            "{certificate} has its home in {one} by entry {} of {}, and in {other} by entry {} of {}",
            a.index, a.origin, b.index, b.origin
        )),
        _ => Err("both entries name one home"),
    }
}

/// Whether there is more of some element in one than in the other.
fn exceeds(one: &Masses, other: &Masses) -> bool {
    one.iter().any(|(element, mg)| mg > other.get(element))
}
