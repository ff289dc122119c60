//! Questions as expressions of the Common Expression Language: what no declared question can say, over the
//! same facts, with a bound on its work that is known before it runs.
//!
//! The library reads and runs expressions; what may stand in one, what it costs, and which facts there are
//! is decided here. An expression that is read has a value of one type for any facts, or none: errors are
//! never a pass.

mod bound;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod values;

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use cel::parser::{Expression as Tree, Parser};
use cel::{Context, Value};

use super::ask::{Case, Found};
use super::judge::Answer;
use bound::Checker;
use schema::Sizes;
use value::{Builder, Given};

/// Steps that a pack's expressions may take for a bundle, all together: about a second of one core.
pub(super) const STEPS: u64 = 10_000_000;
/// Longest expression, in bytes.
const MAX_BYTES: usize = 4096;
/// Most marks (anything but letters, digits, spaces and quotes) in one: the parser goes down a level of its
/// stack for each, where they stand in a row.
const MAX_MARKS: usize = 1000;
/// Brackets and conditions within each other. An unoptimised build of the parser takes some 150 kB of stack
/// for each, and threads have 2 MiB.
const MAX_NESTED: u16 = 10;
/// Longest reason that is shown, in characters.
const MAX_REASON: usize = 1000;

/// An expression, read and checked.
#[derive(Debug, Clone)]
pub struct Expression {
    /// As it stands in the pack.
    source: String,
    tree: Arc<Tree>,
    /// The facts it names.
    roots: Vec<&'static str>,
    /// Its steps at most, with facts of the sizes that packs are checked for.
    steps: u64,
    /// Whether it can say that it does not apply.
    may_not_apply: bool,
}

/// What is wrong with an expression, and where: bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: Range<usize>,
    pub(super) problem: String,
}

impl Expression {
    /// Reads an expression, and refuses one whose work is not bounded.
    pub(super) fn parse(source: &str) -> Result<Self, Fault> {
        let all = |problem: String| Fault { at: 0..source.len(), problem };
        if source.len() > MAX_BYTES {
            return Err(all(format!("an expression is longer than {MAX_BYTES} bytes")));
        }
        let is_mark = |byte: &u8| byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'\'' | b'_');
        if source.bytes().filter(|byte| is_mark(byte)).count() > MAX_MARKS {
            return Err(all(format!("an expression has more than {MAX_MARKS} operators and brackets")));
        }
        let parser = Parser::default().max_recursion_depth(MAX_NESTED);
        let (tree, places) =
            parser.parse_with_source_info(source).map_err(|errors| syntax(source, &errors))?;
        let sizes = Sizes::of_a_large_delivery();
        let mut checker = Checker::new(&sizes);
        let bound = checker.answer(&tree).map_err(|fault| {
            let (from, to) = places.offset_for(fault.id).unwrap_or_default();
            Fault { at: from as usize..to as usize, problem: fault.problem }
        })?;
        let may_not_apply = checker.answers.contains(&Answer::NotApplicable);
        let roots = checker.roots.into_iter().collect::<Vec<_>>();
        let built = roots.iter().fold(0_u64, |sum, root| sum.saturating_add(sizes.built(root)));
        let steps = bound.saturating_add(built);
        if steps > STEPS {
            let problem = format!("it may take {steps} steps on a large delivery, {STEPS} are allowed");
            return Err(all(problem));
        }
        Ok(Expression { source: source.to_owned(), tree: Arc::new(tree), roots, steps, may_not_apply })
    }

    /// As it stands in the pack.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its steps at most, with facts of the sizes that packs are checked for.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether it can say that it does not apply.
    pub(super) fn may_not_apply(&self) -> bool {
        self.may_not_apply
    }

    /// Asks: never a pass where it has no value, or would take more steps than are left.
    pub(super) fn ask(&self, case: &Case<'_>) -> Found {
        let Some(context) = self.context(case) else {
            return Found::Open("there are too many facts for the expression's bound of steps".to_owned());
        };
        match Value::resolve_val(&self.tree, &context) {
            Ok(value) => match value.downcast_ref::<Given>() {
                Some(given) => given.found(),
                None => Found::Open("the expression has a value that is no answer".to_owned()),
            },
            Err(error) => Found::Open(format!("the expression has no value: {}", cut(&error.to_string()))),
        }
    }

    /// The facts that it names, if building them and asking takes no more steps than are left; takes them.
    fn context<'c>(&self, case: &Case<'c>) -> Option<Context<'c, 'static>> {
        let left: &Cell<u64> = case.steps;
        let mut builder = Builder::new(left.get());
        let mut context = Context::with_env(value::environment());
        for root in &self.roots {
            context.add_variable_as_val(*root, values::root(&mut builder, root, case)?);
        }
        let bound = Checker::new(&builder.sizes).answer(&self.tree).ok()?;
        left.set(builder.left.checked_sub(bound)?);
        Some(context)
    }
}

/// What the parser's messages begin with where a token does not fit.
const SYNTAX: &str = "Syntax error: ";

/// The first thing that the parser does not understand.
fn syntax(source: &str, errors: &cel::ParseErrors) -> Fault {
    let all = || errors.errors.iter();
    let deep = all().find(|own| own.msg.contains("Recursion limit"));
    let Some(error) = deep.or_else(|| all().find(|own| own.msg.starts_with(SYNTAX))).or_else(|| all().next())
    else {
        return Fault { at: 0..0, problem: "it is no expression".to_owned() };
    };
    let number = |text: isize| usize::try_from(text).unwrap_or(0).saturating_sub(1);
    let (line, column) = (number(error.pos.0), number(error.pos.1));
    let start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = source.get(start..).unwrap_or_default();
    let at = start + rest.char_indices().nth(column).map_or(rest.trim_end().len(), |(at, _)| at);
    let problem = match error.msg.as_str() {
        deep if deep.contains("Recursion limit") => {
            format!("brackets and conditions stand within each other more than {MAX_NESTED} deep")
        }
        other => cut(other.trim_start_matches(SYNTAX)),
    };
    Fault { at: at..at, problem }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_REASON {
        return text.to_owned();
    }
    text.chars().take(MAX_REASON).chain(['…']).collect()
}
