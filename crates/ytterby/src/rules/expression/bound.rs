//! What type an expression has, and how many steps it takes at most: one walk over its tree, with the lengths
//! of lists and texts as they may be, or as they are.
//!
//! Only what is named here may stand in an expression. So nothing in one has a type that an operator does not
//! take, no list grows but by being walked through, and work is a product of lengths.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

use super::schema::{FACTS, Kind, Record, Sizes};
use crate::rules::judge::Answer;

/// Operators within each other.
const MAX_DEPTH: u32 = 48;
/// Longest text, in bytes.
const MAX_TEXT: u64 = 1 << 16;
/// So many bytes of a text are copied or compared in a step.
const BYTES: u64 = 64;

/// What is wrong, and with which part.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) id: u64,
    pub(super) problem: String,
}

/// The type of a part, with its length.
#[derive(Debug, Clone)]
enum Shape {
    Bool,
    Int,
    /// So many bytes at most.
    Text(u64),
    Record(&'static Record),
    /// So many at most; of nothing, where it is empty.
    List(u64, Option<Box<Shape>>),
    Answer,
}

/// A part: its type, and its steps at most.
struct Part {
    shape: Shape,
    steps: u64,
}

/// The walk.
pub(super) struct Checker<'s> {
    sizes: &'s Sizes,
    /// What macros have named, innermost last.
    scopes: Vec<(String, Shape)>,
    depth: u32,
    /// The facts that it names.
    pub(super) roots: BTreeSet<&'static str>,
    /// The answers that it may have.
    pub(super) answers: Vec<Answer>,
}

impl<'s> Checker<'s> {
    pub(super) fn new(sizes: &'s Sizes) -> Self {
        Checker { sizes, scopes: Vec::new(), depth: 0, roots: BTreeSet::new(), answers: Vec::new() }
    }

    /// The steps of an expression that is an answer.
    pub(super) fn answer(&mut self, tree: &IdedExpr) -> Result<u64, Wrong> {
        match self.part(tree)? {
            Part { shape: Shape::Answer, steps } => Ok(steps),
            part => Err(wrong(
                tree,
                format!("it is {}, and no answer: pass(…), fail(…), not_demonstrated(…)", part.shape.name()),
            )),
        }
    }

    fn part(&mut self, own: &IdedExpr) -> Result<Part, Wrong> {
        if self.depth == MAX_DEPTH {
            return Err(wrong(own, format!("operators stand within each other more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let part = self.any(own);
        self.depth -= 1;
        match part? {
            Part { shape: Shape::Text(most), .. } if most > MAX_TEXT => {
                Err(wrong(own, format!("a text may become longer than {MAX_TEXT} bytes")))
            }
            part => Ok(part),
        }
    }

    fn any(&mut self, own: &IdedExpr) -> Result<Part, Wrong> {
        match &own.expr {
            Expr::Literal(literal) => literal_shape(literal)
                .map(|shape| Part { shape, steps: 1 })
                .ok_or_else(|| wrong(own, "only true, false, whole numbers and texts in quotes".to_owned())),
            Expr::Ident(name) => self.named(own, name),
            Expr::Select(select) => self.select(own, select),
            Expr::Call(call) => self.call(own, call),
            Expr::List(list) if list.optional_indices.is_empty() => {
                let mut all: Option<Shape> = None;
                let mut steps = 1_u64;
                for item in &list.elements {
                    let part = self.part(item)?;
                    steps = steps.saturating_add(part.steps).saturating_add(part.shape.copy());
                    all = Some(match all {
                        None if matches!(part.shape, Shape::Answer) => {
                            return Err(wrong(item, "an answer stands in no list".to_owned()));
                        }
                        None => part.shape,
                        Some(before) => before.with(part.shape).ok_or_else(|| other_type(item))?,
                    });
                }
                let length = u64::try_from(list.elements.len()).unwrap_or(u64::MAX);
                Ok(Part { shape: Shape::List(length, all.map(Box::new)), steps })
            }
            Expr::Comprehension(own) => self.comprehension(own),
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(wrong(own, "maps, messages and optional values are not known here".to_owned()))
            }
        }
    }

    fn named(&mut self, own: &IdedExpr, name: &str) -> Result<Part, Wrong> {
        let depth = u64::try_from(self.scopes.len()).unwrap_or(u64::MAX);
        let steps = depth.saturating_add(1);
        if let Some((_, shape)) = self.scopes.iter().rev().find(|(known, _)| known == name) {
            return Ok(Part { shape: shape.clone(), steps });
        }
        let found = FACTS.fields.iter().find(|(known, _)| *known == name);
        let Some((known, kind)) = found else {
            return Err(wrong(own, format!("there is no fact {name}; there are {}", names(&FACTS))));
        };
        self.roots.insert(known);
        Ok(Part { shape: self.shape(*kind), steps })
    }

    fn select(&mut self, own: &IdedExpr, select: &SelectExpr) -> Result<Part, Wrong> {
        let operand = self.part(&select.operand)?;
        let Shape::Record(record) = operand.shape else {
            return Err(wrong(own, format!("{} has no members", operand.shape.name())));
        };
        let Some(kind) = record.field(&select.field) else {
            let names = names(record);
            return Err(wrong(
                own,
                format!("{} has no member {}; it has {names}", record.name, select.field),
            ));
        };
        // A name of several words is looked for in each scope.
        let depth = u64::try_from(self.scopes.len()).unwrap_or(u64::MAX);
        let shape = if select.test { Shape::Bool } else { self.shape(kind) };
        Ok(Part { shape, steps: operand.steps.saturating_add(depth).saturating_add(2) })
    }

    fn call(&mut self, own: &IdedExpr, call: &CallExpr) -> Result<Part, Wrong> {
        let mut parts = Vec::new();
        for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
            parts.push(self.part(part)?);
        }
        let steps = parts.iter().fold(1_u64, |sum, part| sum.saturating_add(part.steps));
        let shapes: Vec<Shape> = parts.into_iter().map(|part| part.shape).collect();
        let is_member = call.target.is_some();
        let (shape, more) = match (call.func_name.as_str(), is_member) {
            (name, false) if name == operators::CONDITIONAL => conditional(shapes),
            (name, false) if is_operator(name) => operator(name, &shapes),
            (name, _) => self.function(name, is_member, &shapes),
        }
        .ok_or_else(|| unknown(own, call))?;
        Ok(Part { shape, steps: steps.saturating_add(more) })
    }

    fn function(&mut self, name: &str, is_member: bool, shapes: &[Shape]) -> Option<(Shape, u64)> {
        let answer = match name {
            "pass" => Some(Answer::Pass),
            "fail" => Some(Answer::Fail),
            "not_demonstrated" => Some(Answer::NotDemonstrated),
            "not_applicable" => Some(Answer::NotApplicable),
            _ => None,
        };
        Some(match (name, is_member, shapes) {
            (_, false, [Shape::Text(most)]) if answer.is_some() => {
                self.answers.extend(answer);
                (Shape::Answer, most / BYTES)
            }
            ("size", _, [Shape::Text(most)]) => (Shape::Int, most / BYTES),
            ("size", _, [Shape::List(..)]) => (Shape::Int, 1),
            ("contains" | "startsWith" | "endsWith", true, [Shape::Text(a), Shape::Text(b)]) => {
                (Shape::Bool, a.saturating_add(*b) / BYTES)
            }
            ("string", false, [Shape::Int]) => (Shape::Text(20), 1),
            ("percent", false, [Shape::Int]) => (Shape::Text(10), 1),
            // Letters grow by half at most where they are made small.
            ("words", false, [Shape::Text(most)]) => (Shape::Text(most.saturating_mul(3) / 2), most / 8),
            ("sum" | "most" | "least", false, [Shape::List(length, item)])
                if item.as_ref().is_none_or(|item| matches!(**item, Shape::Int)) =>
            {
                (Shape::Int, *length)
            }
            _ => return None,
        })
    }

    /// What a macro becomes: a walk through a list.
    fn comprehension(&mut self, own: &ComprehensionExpr) -> Result<Part, Wrong> {
        let range = self.part(&own.iter_range)?;
        let Shape::List(length, Some(item)) = range.shape else {
            let name = range.shape.name();
            return Err(wrong(&own.iter_range, format!("{name} is no list to walk through")));
        };
        let init = self.part(&own.accu_init)?;
        let each = item.copy();
        self.scopes.push((own.accu_var.clone(), init.shape.clone()));
        self.scopes.push((own.iter_var.clone(), *item));
        let (condition, step) = (self.part(&own.loop_cond)?, self.part(&own.loop_step)?);
        self.scopes.truncate(self.scopes.len() - 2);
        let made = init.shape.with(step.shape).ok_or_else(|| other_type(&own.loop_step))?;
        let made = match made {
            Shape::List(_, item) => Shape::List(length, item),
            other => other,
        };
        let copies = made.copy().saturating_mul(2);
        self.scopes.push((own.accu_var.clone(), made));
        let result = self.part(&own.result)?;
        self.scopes.pop();
        let round = [condition.steps, step.steps, each, 2].into_iter().fold(0, u64::saturating_add);
        let all = [range.steps, init.steps, length.saturating_mul(round), result.steps, copies];
        Ok(Part { shape: result.shape, steps: all.into_iter().fold(1, u64::saturating_add) })
    }

    fn shape(&self, kind: Kind) -> Shape {
        match kind {
            Kind::Bool => Shape::Bool,
            Kind::Int => Shape::Int,
            Kind::Text => Shape::Text(self.sizes.text),
            Kind::Record(record) => Shape::Record(record),
            Kind::List(many, kind) => Shape::List(self.sizes.of(many), Some(Box::new(self.shape(*kind)))),
        }
    }
}

impl Shape {
    fn name(&self) -> &'static str {
        match self {
            Shape::Bool => "true or false",
            Shape::Int => "a number",
            Shape::Text(_) => "a text",
            Shape::Record(_) => "a record",
            Shape::List(..) => "a list",
            Shape::Answer => "an answer",
        }
    }

    /// Steps of copying it. Records of facts are shared.
    fn copy(&self) -> u64 {
        match self {
            Shape::Bool | Shape::Int | Shape::Record(_) => 1,
            Shape::Text(most) => 1 + most / BYTES,
            Shape::Answer => 1 + MAX_TEXT / BYTES,
            Shape::List(length, item) => {
                let one = item.as_ref().map_or(0, |item| item.copy());
                length.saturating_mul(one).saturating_add(1)
            }
        }
    }

    /// One type of two, as long as the longer.
    fn with(self, other: Shape) -> Option<Shape> {
        Some(match (self, other) {
            (Shape::Bool, Shape::Bool) => Shape::Bool,
            (Shape::Int, Shape::Int) => Shape::Int,
            (Shape::Text(a), Shape::Text(b)) => Shape::Text(a.max(b)),
            (Shape::Record(a), Shape::Record(b)) if std::ptr::eq(a, b) => Shape::Record(a),
            (Shape::Answer, Shape::Answer) => Shape::Answer,
            (Shape::List(a, one), Shape::List(b, two)) => {
                let item = match (one, two) {
                    (Some(one), Some(two)) => Some(Box::new(one.with(*two)?)),
                    (one, two) => one.or(two),
                };
                Shape::List(a.max(b), item)
            }
            _ => return None,
        })
    }

    fn is_scalar(&self) -> bool {
        matches!(self, Shape::Bool | Shape::Int | Shape::Text(_))
    }
}

fn literal_shape(literal: &LiteralValue) -> Option<Shape> {
    match literal {
        LiteralValue::Boolean(_) => Some(Shape::Bool),
        LiteralValue::Int(_) => Some(Shape::Int),
        LiteralValue::String(text) => {
            Some(Shape::Text(u64::try_from(text.inner().len()).unwrap_or(u64::MAX)))
        }
        LiteralValue::Bytes(_) | LiteralValue::Double(_) | LiteralValue::Null | LiteralValue::UInt(_) => None,
    }
}

fn is_operator(name: &str) -> bool {
    // Names that can be called begin with a letter.
    !name.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn conditional(shapes: Vec<Shape>) -> Option<(Shape, u64)> {
    let [Shape::Bool, one, two] = <[Shape; 3]>::try_from(shapes).ok()? else { return None };
    Some((one.with(two)?, 0))
}

/// The type of an operator's value, and its steps beside those of its parts.
fn operator(name: &str, shapes: &[Shape]) -> Option<(Shape, u64)> {
    use Shape::{Bool, Int, List, Text};
    Some(match (name, shapes) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR, [Bool, Bool]) => (Bool, 1),
        (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, [Bool]) => (Bool, 1),
        (operators::NEGATE, [Int]) => (Int, 1),
        (operators::SUBSTRACT | operators::MULTIPLY, [Int, Int]) => (Int, 1),
        (operators::DIVIDE | operators::MODULO | operators::ADD, [Int, Int]) => (Int, 1),
        (operators::ADD, [Text(a), Text(b)]) => {
            let most = a.saturating_add(*b);
            (Text(most), most / BYTES)
        }
        (operators::ADD, [List(a, one), List(b, two)]) => {
            let List(_, item) = List(*a, one.clone()).with(List(*b, two.clone()))? else { return None };
            let both = List(a.saturating_add(*b), item);
            let steps = both.copy();
            (both, steps)
        }
        (operators::EQUALS | operators::NOT_EQUALS, [one, two]) if one.is_scalar() => {
            let both = one.clone().with(two.clone())?;
            (Bool, both.copy())
        }
        (
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
            [one @ (Int | Text(_)), two],
        ) => {
            let both = one.clone().with(two.clone())?;
            (Bool, both.copy())
        }
        (operators::IN, [one, List(length, item)]) if one.is_scalar() => {
            let both = match item {
                Some(item) => one.clone().with((**item).clone())?,
                None => one.clone(),
            };
            (Bool, length.saturating_mul(both.copy()))
        }
        (operators::INDEX, [List(_, Some(item)), Int]) => ((**item).clone(), item.copy()),
        _ => return None,
    })
}

fn wrong(own: &IdedExpr, problem: String) -> Wrong {
    Wrong { id: own.id, problem }
}

fn other_type(own: &IdedExpr) -> Wrong {
    wrong(own, "it has another type than what it stands beside".to_owned())
}

fn names(record: &Record) -> String {
    record.fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn unknown(own: &IdedExpr, call: &CallExpr) -> Wrong {
    if is_operator(&call.func_name) {
        let name = call.func_name.replace(['_', '@'], "");
        return wrong(own, format!("the operator {name} does not take what stands beside it"));
    }
    const KNOWN: &str = "size, contains, startsWith, endsWith, string, percent, words, sum, most, least, has, \
                         all, exists, exists_one, filter, map, pass, fail, not_demonstrated, not_applicable";
    wrong(own, format!("{} is no function of what is given to it; there are {KNOWN}", call.func_name))
}
