//! Breadth-first search over every state that can be reached: the first bad one has a shortest trace.

use std::collections::HashMap;
use std::hash::Hash;

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// None of so many states is bad: that is all there are.
    Safe(usize),
    /// The steps to a bad state, as few as there can be.
    Bad(Vec<String>),
}

/// More states than any of these worlds may have: a mistake in one would run on.
const MOST: usize = 2_000_000;

/// Visits every state that steps lead to. `next` gives each step with the state after it, `bad` says
/// which states must not be, `describe` what a step is called.
pub(crate) fn search<S: Clone + Eq + Hash, T: Copy>(
    start: S,
    next: impl Fn(&S) -> Vec<(T, S)>,
    bad: impl Fn(&S) -> bool,
    describe: impl Fn(T) -> String,
) -> Outcome {
    let mut at: HashMap<S, usize> = HashMap::from([(start.clone(), 0)]);
    // Each state with the one it was first reached from, and by what.
    let mut reached: Vec<(S, Option<(usize, T)>)> = vec![(start, None)];
    let mut done = 0;
    while done < reached.len() {
        for (step, state) in next(&reached[done].0) {
            if at.contains_key(&state) {
                continue;
            }
            at.insert(state.clone(), reached.len());
            let is_bad = bad(&state);
            reached.push((state, Some((done, step))));
            assert!(reached.len() <= MOST, "no end of states");
            if is_bad {
                return Outcome::Bad(trace(&reached, describe));
            }
        }
        done += 1;
    }
    Outcome::Safe(reached.len())
}

fn trace<S, T: Copy>(reached: &[(S, Option<(usize, T)>)], describe: impl Fn(T) -> String) -> Vec<String> {
    let mut at = reached.len() - 1;
    let mut steps = Vec::new();
    while let Some((before, step)) = reached[at].1 {
        steps.push(describe(step));
        at = before;
    }
    steps.reverse();
    steps
}

/// A search that finds what there is to find: the model of nothing but a counter.
#[test]
fn the_shortest_trace_is_found() {
    let next = |n: &u32| vec![(1, n + 1), (3, n + 3)].into_iter().filter(|(_, n)| *n <= 7).collect();
    let describe = |step: i32| format!("+{step}");
    assert_eq!(search(0, next, |n| *n == 8, describe), Outcome::Safe(8));
    assert_eq!(
        search(0, next, |n| *n == 7, describe),
        Outcome::Bad(["+1", "+3", "+3"].map(String::from).into())
    );
}
