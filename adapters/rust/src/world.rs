//! One example: what the kit has asked for, and what has happened.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::json::{object, Json};
use crate::runtime::{self, RUNTIME};

/// What a request is refused with.
pub struct Fault {
    pub status: u16,
    pub kind: &'static str,
    pub detail: String,
}

pub fn fault(status: u16, kind: &'static str, detail: impl Into<String>) -> Fault {
    Fault { status, kind, detail: detail.into() }
}

/// Why a call has not returned.
#[derive(Clone, Debug)]
pub enum Failure {
    /// An error of the kit's, as it was sent.
    Kit(Json),
    /// An outcome that the pattern has a word for, such as `rejected`.
    Word(Json),
    /// Anything else: type and message.
    Other(&'static str, String),
}

impl Failure {
    pub fn unsupported(what: &str) -> Failure {
        Failure::Word(object([("outcome", "unsupported".into()), ("what", what.into())]))
    }

    pub fn word(word: &str) -> Failure {
        Failure::Word(object([("outcome", word.into())]))
    }

    pub fn outcome(&self) -> Json {
        match self {
            Failure::Kit(sent) | Failure::Word(sent) => sent.clone(),
            Failure::Other(kind, message) => {
                object([("outcome", "failed".into()), ("type", (*kind).into()), ("message", message.as_str().into())])
            }
        }
    }
}

#[derive(Default)]
struct Held {
    outcome: Option<Result<Json, Failure>>,
    released: bool,
    waker: Option<Waker>,
}

struct Call {
    task: u64,
    outcome: Option<Json>,
}

/// An implementation, and how messages become calls of it.
pub trait Bound {
    fn members(&self) -> &'static [&'static str] {
        &[]
    }

    /// A call that ends at once, if the method is one.
    fn plain(&self, method: &str, message: &Json) -> Option<Result<Json, Failure>>;

    /// What a call does; None: there is no such method.
    fn call(&self, method: &str, message: &Json) -> Option<Calling>;
}

pub type Calling = Pin<Box<dyn Future<Output = Result<Json, Failure>>>>;

#[derive(Default)]
struct World {
    instances: BTreeMap<String, (&'static str, Rc<dyn Bound>)>,
    calls: BTreeMap<String, Call>,
    operations: BTreeMap<String, Rc<RefCell<Held>>>,
    events: Vec<Json>,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

fn with<R>(deed: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with(|world| deed(&mut world.borrow_mut()))
}

pub fn tell(listener: &str, arguments: Vec<Json>) {
    let event = object([("event", "told".into()), ("listener", listener.into()), ("arguments", Json::List(arguments))]);
    with(|world| world.events.push(event));
}

/// A function of the kit's as it is run: told of as begun when it is polled first, and abandoned where it is dropped.
pub struct Operation {
    event: Option<Json>,
    name: String,
    held: Rc<RefCell<Held>>,
}

pub fn function(function: &str, method: &str, arguments: Vec<Json>) -> Operation {
    let event = object([
        ("event", "begun".into()),
        ("function", function.into()),
        ("method", method.into()),
        ("arguments", Json::List(arguments)),
    ]);
    Operation { event: Some(event), name: String::new(), held: Rc::default() }
}

impl Future for Operation {
    type Output = Result<Json, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Self::Output> {
        if let Some(Json::Object(mut event)) = self.event.take() {
            self.name = with(|world| {
                let name = format!("o{}", world.operations.len() + 1);
                event.insert("operation".to_string(), name.as_str().into());
                world.events.push(Json::Object(event));
                world.operations.insert(name.clone(), self.held.clone());
                name
            });
        }
        let mut held = self.held.borrow_mut();
        match held.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                held.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if !self.name.is_empty() && !self.held.borrow().released {
            let event = object([("event", "abandoned".into()), ("operation", self.name.as_str().into())]);
            WORLD.with(|world| world.try_borrow_mut().map(|mut world| world.events.push(event)).ok());
        }
    }
}

fn unused(given: bool, what: &str, id: &str) -> Result<(), Fault> {
    let right = (1..=64).contains(&id.len()) && id.chars().all(|each| each.is_ascii_alphanumeric() || "_.-".contains(each));
    match (right, given) {
        (false, _) => Err(fault(422, "invalid", format!("no id of a {what}: {id:?}"))),
        (_, true) => Err(fault(409, "taken", format!("there is a {what} {id:?} already"))),
        _ => Ok(()),
    }
}

pub fn instances() -> Vec<String> {
    with(|world| world.instances.keys().cloned().collect())
}

pub fn is_free(instance: &str) -> Result<(), Fault> {
    unused(with(|world| world.instances.contains_key(instance)), "instance", instance)
}

pub fn keep(instance: &str, pattern: &'static str, made: Rc<dyn Bound>) {
    with(|world| world.instances.insert(instance.to_string(), (pattern, made)));
}

/// Forget an instance; with the last one all.
pub fn remove(instance: &str) -> Result<(), Fault> {
    let gone = with(|world| (world.instances.remove(instance), world.instances.is_empty()));
    if gone.0.is_none() {
        return Err(fault(404, "unknown", format!("there is no instance {instance:?}")));
    }
    if gone.1 {
        runtime::reset();
        let all = with(std::mem::take);
        drop(all);
        with(|world| world.events.clear());
    }
    Ok(())
}

pub fn begin(instance: &str, message: &Json) -> Result<(), Fault> {
    let Some((pattern, made)) = with(|world| world.instances.get(instance).cloned()) else {
        return Err(fault(404, "unknown", format!("there is no instance {instance:?}")));
    };
    let id = message.get("call").text().to_string();
    unused(with(|world| world.calls.contains_key(&id)), "call", &id)?;
    let method = message.get("method").text();
    let Some(method) = method.strip_prefix(pattern).and_then(|rest| rest.strip_prefix('.')) else {
        return Err(fault(422, "method", format!("instance {instance:?} is a {pattern}, seen {method:?}")));
    };
    if let Some(result) = made.plain(method, message) {
        with(|world| world.calls.insert(id.clone(), Call { task: 0, outcome: None }));
        end(&id, outcome(result));
        return Ok(());
    }
    let Some(calling) = made.call(method, message) else {
        return Err(fault(422, "method", format!("no method of a {pattern}: {method:?}")));
    };
    let name = id.clone();
    let task = RUNTIME.with(|runtime| {
        runtime.spawn(async move {
            let result = calling.await;
            end(&name, outcome(result));
        })
    });
    with(|world| world.calls.insert(id, Call { task, outcome: None }));
    Ok(())
}

fn outcome(result: Result<Json, Failure>) -> Json {
    result.map_or_else(|failure| failure.outcome(), |value| object([("outcome", "returned".into()), ("value", value)]))
}

fn end(call: &str, outcome: Json) {
    let event = object([("event", "ended".into()), ("call", call.into()), ("outcome", outcome.clone())]);
    with(|world| {
        world.calls.get_mut(call).expect("it was begun").outcome = Some(outcome);
        world.events.push(event);
    });
}

pub fn state_of(call: &str) -> Result<Json, Fault> {
    with(|world| match world.calls.get(call) {
        Some(Call { outcome: Some(outcome), .. }) => {
            Ok(object([("call", call.into()), ("state", "ended".into()), ("outcome", outcome.clone())]))
        }
        Some(_) => Ok(object([("call", call.into()), ("state", "running".into())])),
        None => Err(fault(404, "unknown", format!("there is no call {call:?}"))),
    })
}

/// Drop what a call does where it stands, which is how a future is cancelled; what has come by then it has taken.
pub fn cancel(call: &str) -> Result<(), Fault> {
    state_of(call)?;
    settle()?;
    let task = with(|world| world.calls.get(call).filter(|call| call.outcome.is_none()).map(|call| call.task));
    if task.is_some_and(|task| RUNTIME.with(|runtime| runtime.abort(task))) {
        end(call, object([("outcome", "cancelled".into())]));
    }
    Ok(())
}

pub fn release(operation: &str, message: &Json) -> Result<(), Fault> {
    let Some(held) = with(|world| world.operations.get(operation).cloned()) else {
        return Err(fault(404, "unknown", format!("there is no operation {operation:?}")));
    };
    let mut held = held.borrow_mut();
    let sent = message.get("outcome");
    if held.released {
        return Err(fault(409, "released", format!("operation {operation:?} was released before")));
    }
    held.outcome = match sent.get("outcome").text() {
        "returned" => Some(Ok(sent.get("value").clone())),
        "raised" if unused(false, "error", sent.get("error").text()).is_ok() => Some(Err(Failure::Kit(error(sent)))),
        _ => return Err(fault(422, "invalid", "an operation is released as returned, or as raised with an error")),
    };
    held.released = true;
    held.waker.take().into_iter().for_each(Waker::wake);
    Ok(())
}

/// An error of the kit's as it is told of: only what says which it is.
pub fn error(sent: &Json) -> Json {
    let told = |name: &str| Json::from(sent.get(name).text());
    object([("outcome", "raised".into()), ("error", told("error")), ("message", told("message"))])
}

pub fn settle() -> Result<(), Fault> {
    if RUNTIME.with(|runtime| runtime.settle()) {
        return Ok(());
    }
    Err(fault(504, "hang", "it never comes to rest"))
}

pub fn take_events() -> Json {
    Json::List(with(|world| std::mem::take(&mut world.events)))
}
