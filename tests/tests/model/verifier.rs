//! What a buyer accepts, with switches. It is a paraphrase of `ytterby::verify`, which has none; `real`
//! asks that of every receipt that these worlds can give.

use crate::rule::{Rule, Rules};
use crate::world::{Held, Leaf, World};

/// Of a log that holds these entries: the lots whose certificates have a receipt that passes, as bits,
/// and what its closings have used up.
pub(crate) fn seen(world: &World, log: usize, holds: u128, rules: Rules) -> (u16, u8) {
    let held = || (0..).zip(&world.leaves[log]).filter(|(at, _)| holds >> at & 1 == 1).map(|(_, leaf)| *leaf);
    // Only who takes the log's word for what the parent holds looks at this.
    let stated = |parent: usize| {
        let content = held().filter_map(|leaf| match leaf {
            Leaf::Register { lot, content, .. } | Leaf::Admit { lot, content } if lot == parent => {
                Some(content)
            }
            _ => None,
        });
        content.max()
    };
    let (mut shown, mut used_up) = (0, 0);
    for leaf in held() {
        match leaf {
            Leaf::Register { lot, .. } if passes(world, log, leaf, rules, &stated) => shown |= 1 << lot,
            // Of one lot: a log that closes it twice uses up no more.
            Leaf::Close { left, .. } => used_up = left.max(used_up),
            _ => {}
        }
    }
    (shown, used_up)
}

/// Whether a receipt for an entry shows its certificate to be registered.
pub(crate) fn passes(
    world: &World,
    log: usize,
    leaf: Leaf,
    rules: Rules,
    stated: &dyn Fn(usize) -> Option<u8>,
) -> bool {
    let Leaf::Register { lot: at, content, amount, seq, cumulative } = leaf else { return false };
    let lot = &world.lots[at];
    let is_transfer = matches!(lot.made, crate::world::Made::Transfer(_));
    let home = lot.parent().map_or(lot.home, |parent| world.lots[parent].home);
    if (rules.keep(Rule::ParentsHome) && home != log)
        || (rules.keep(Rule::OwnHome) && !is_transfer && lot.home != home)
        || (rules.keep(Rule::Rebuilt) && content != lot.units)
    {
        return false;
    }
    let Some(parent) = lot.parent() else { return true };
    let certified = world.lots[parent].units;
    let limit = if rules.keep(Rule::CertifiedContent) { Some(certified) } else { stated(parent) };
    (!rules.keep(Rule::Rebuilt) || amount == lot.units)
        && amount <= cumulative
        && (seq > 1 || amount == cumulative)
        && limit.is_none_or(|limit| cumulative <= limit)
}

/// What a buyer has accepted when these certificates are shown to be registered: every bundle that can
/// be made is offered.
pub(crate) fn accepted(world: &World, shown: u16, rules: Rules, buyer: Held) -> u8 {
    let mut units = 0;
    for (at, lot) in world.lots.iter().enumerate() {
        let is_mine = !rules.keep(Rule::Delivered) || lot.held == buyer;
        let lineage: u16 = world.lineage(at, rules).iter().map(|lot| 1 << lot).sum();
        if is_mine && lineage & !shown == 0 {
            units += lot.units;
        }
    }
    units
}
