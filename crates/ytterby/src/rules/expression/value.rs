//! Facts as values of the expression language: shared, so that a copy costs nothing, and counted while
//! they are built.

use std::any::Any;
use std::sync::{Arc, LazyLock};

use cel::common::traits::{Adder, Container, Indexer, Iterable, Iterator as Items, Sizer};
use cel::common::types::{CelBool, CelInt, CelList, CelString, INT_TYPE, LIST_TYPE, STRING_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Env, ExecutionError};

use super::schema::{Many, Sizes};
use crate::decimal::Percent;
use crate::rules::ask::Found;
use crate::rules::judge::Answer;

type Boxed = Box<dyn Val>;

static RECORD_TYPE: Type = Type::new_unspecified_type("facts");
static GIVEN_TYPE: Type = Type::new_unspecified_type("answer");

/// Builds facts and counts them; gives up where there are more than steps.
pub(super) struct Builder {
    pub(super) left: u64,
    pub(super) sizes: Sizes,
}

impl Builder {
    pub(super) fn new(left: u64) -> Self {
        Builder { left, sizes: Sizes::default() }
    }

    fn take(&mut self) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        Some(())
    }

    pub(super) fn text(&mut self, text: impl Into<String>) -> Option<Boxed> {
        self.take()?;
        let text = text.into();
        self.sizes.text = self.sizes.text.max(u64::try_from(text.len()).unwrap_or(u64::MAX));
        Some(Box::new(CelString::from(text)))
    }

    pub(super) fn int(&mut self, number: i64) -> Option<Boxed> {
        self.take()?;
        Some(Box::new(CelInt::from(number)))
    }

    pub(super) fn bool(&mut self, is: bool) -> Option<Boxed> {
        self.take()?;
        Some(Box::new(CelBool::from(is)))
    }

    pub(super) fn record(&mut self, fields: Vec<(&'static str, Boxed)>) -> Option<Boxed> {
        self.take()?;
        Some(Box::new(Record(fields.into())))
    }

    pub(super) fn list<T>(
        &mut self,
        many: Many,
        items: impl IntoIterator<Item = T>,
        mut one: impl FnMut(&mut Self, T) -> Option<Boxed>,
    ) -> Option<Boxed> {
        self.take()?;
        let items = items.into_iter().map(|item| one(self, item)).collect::<Option<Vec<Boxed>>>()?;
        self.sizes.see(many, items.len());
        Some(Box::new(List(items.into())))
    }
}

/// Members by name.
#[derive(Debug, Clone)]
struct Record(Arc<[(&'static str, Boxed)]>);

impl Val for Record {
    fn get_type(&self) -> &Type {
        &RECORD_TYPE
    }

    fn cel_type() -> &'static Type {
        &RECORD_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Record {}

impl Indexer for Record {
    fn get<'b, 'v>(&'b self, field: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let name = field.downcast_ref::<CelString<'_>>().map(CelString::inner).unwrap_or_default();
        let found = self.0.iter().find(|(own, _)| *own == name);
        found
            .map(|(_, value)| CowVal::Borrowed(value.as_ref()))
            .ok_or_else(|| ExecutionError::no_such_key(name))
    }

    fn steal<'v>(self: Box<Self>, field: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(field).map(CowVal::into_owned)
    }
}

/// Many facts.
#[derive(Debug, Clone)]
struct List(Arc<[Boxed]>);

impl Val for List {
    fn get_type(&self) -> &Type {
        &LIST_TYPE
    }

    fn cel_type() -> &'static Type {
        static OWN: Type = LIST_TYPE;
        &OWN
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for List {}

impl Adder for List {
    fn add<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let mut all: Vec<Box<dyn Val + 'v>> = self.0.iter().map(|own| own.clone_as_boxed()).collect();
        let mut items = other.as_iterable().ok_or_else(ExecutionError::missing_argument_or_target)?.iter();
        while let Some(item) = items.next() {
            all.push(item.clone_as_boxed());
        }
        Ok(CowVal::owned(CelList::from(all)))
    }
}

impl Container for List {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.0.iter().any(|own| own.equals(value)))
    }
}

impl Indexer for List {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let number = index.downcast_ref::<CelInt>().map_or(-1, |number| *number.inner());
        let found = usize::try_from(number).ok().and_then(|at| self.0.get(at));
        found
            .map(|value| CowVal::Borrowed(value.as_ref()))
            .ok_or_else(|| ExecutionError::IndexOutOfBounds(number.into()))
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}

impl Iterable for List {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Items<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Each(self.0.iter()))
    }
}

impl Sizer for List {
    fn size(&self) -> CelInt {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX).into()
    }
}

struct Each<'b>(std::slice::Iter<'b, Boxed>);

impl<'b, 'v> Items<'b, 'v> for Each<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|value| value.as_ref() as &(dyn Val + 'v))
    }
}

/// An answer with its evidence.
#[derive(Debug, Clone)]
pub(super) struct Given {
    answer: Answer,
    evidence: String,
}

impl Given {
    pub(super) fn found(&self) -> Found {
        let evidence = super::cut(&self.evidence);
        match self.answer {
            Answer::NotApplicable => Found::Not(evidence),
            Answer::Pass => Found::Pass(evidence),
            Answer::NotDemonstrated => Found::Open(evidence),
            Answer::Fail => Found::Fail(evidence),
        }
    }
}

impl Val for Given {
    fn get_type(&self) -> &Type {
        &GIVEN_TYPE
    }

    fn cel_type() -> &'static Type {
        &GIVEN_TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Given {}

type Called<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// The functions that expressions have, made once.
pub(super) fn environment() -> Arc<Env> {
    static OWN: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut env = Env::stdlib();
        for (name, of, function) in [
            ("pass", STRING_TYPE, pass as cel::common::functions::Function),
            ("fail", STRING_TYPE, fail),
            ("not_demonstrated", STRING_TYPE, not_demonstrated),
            ("not_applicable", STRING_TYPE, not_applicable),
            ("sum", LIST_TYPE, sum),
            ("most", LIST_TYPE, most),
            ("least", LIST_TYPE, least),
            ("percent", INT_TYPE, percent),
            ("words", STRING_TYPE, words),
        ] {
            // Only a name that is taken is refused, and then an expression that calls it has no value.
            let added = env.add_overload(name, name, vec![of], function);
            debug_assert!(added.is_ok(), "{name} is taken");
        }
        Arc::new(env)
    });
    Arc::clone(&OWN)
}

fn given<'b, 'v>(answer: Answer, args: &[CowVal<'b, 'v>]) -> Called<'b, 'v> {
    Ok(CowVal::owned(Given { answer, evidence: text(args)?.to_owned() }))
}

fn pass<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    given(Answer::Pass, &args)
}

fn fail<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    given(Answer::Fail, &args)
}

fn not_demonstrated<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    given(Answer::NotDemonstrated, &args)
}

fn not_applicable<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    given(Answer::NotApplicable, &args)
}

fn sum<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    let sum = numbers(&args)?.into_iter().try_fold(0_i64, i64::checked_add);
    let sum = sum.ok_or_else(|| ExecutionError::function_error("sum", "more than fits"))?;
    Ok(CowVal::owned(CelInt::from(sum)))
}

fn most<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    let most = numbers(&args)?.into_iter().max();
    let most = most.ok_or_else(|| ExecutionError::function_error("most", "of nothing"))?;
    Ok(CowVal::owned(CelInt::from(most)))
}

fn least<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    let least = numbers(&args)?.into_iter().min();
    let least = least.ok_or_else(|| ExecutionError::function_error("least", "of nothing"))?;
    Ok(CowVal::owned(CelInt::from(least)))
}

/// Millionths of a percent as a percentage.
fn percent<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    let number = args.first().and_then(|own| own.downcast_ref::<CelInt>()).map(|number| *number.inner());
    let share = number.and_then(|number| u32::try_from(number).ok()).filter(|own| *own <= Percent::FULL);
    let share = share.ok_or_else(|| ExecutionError::function_error("percent", "not a share"))?;
    Ok(CowVal::owned(CelString::from(Percent::from_millionths(share).to_string())))
}

/// A text's words in lower case, as names are compared.
fn words<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Called<'b, 'v> {
    Ok(CowVal::owned(CelString::from(crate::text::words(text(&args)?))))
}

fn text<'a>(args: &'a [CowVal<'_, '_>]) -> Result<&'a str, ExecutionError> {
    let text = args.first().and_then(|own| own.downcast_ref::<CelString<'_>>());
    text.map(CelString::inner).ok_or_else(ExecutionError::missing_argument_or_target)
}

fn numbers(args: &[CowVal<'_, '_>]) -> Result<Vec<i64>, ExecutionError> {
    let list = args.first().and_then(|own| own.as_iterable());
    let mut items = list.ok_or_else(ExecutionError::missing_argument_or_target)?.iter();
    let mut numbers = Vec::new();
    while let Some(item) = items.next() {
        let number = item.downcast_ref::<CelInt>().map(|number| *number.inner());
        numbers.push(number.ok_or_else(ExecutionError::missing_argument_or_target)?);
    }
    Ok(numbers)
}
