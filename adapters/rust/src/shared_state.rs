//! 2.A, Shared State Pattern.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::{pin, Pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::json::{object, Json};
use crate::runtime::{DateTime, RwLock, Utc};
use crate::world::{error, function, tell, Bound, Calling, Failure};

type Value = Json;
type Heard = Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

// The sample. What it names and does not show: a listener, and how all are told, which is one after another.

#[derive(Clone, Debug)]
pub struct SharedState {
    pub data: HashMap<String, Value>,
    pub version: u64,
    pub last_updated: DateTime,
}

#[derive(Clone)]
pub struct StateChangeListener {
    id: String,
    hear: Rc<dyn Fn(&SharedState) -> Heard>,
}

pub struct StateManager {
    state: Arc<RwLock<SharedState>>,
    listeners: Arc<RwLock<Vec<StateChangeListener>>>,
}

impl StateManager {
    pub async fn update<F, T>(&self, updater: F) -> Result<T, Failure>
    where
        F: FnOnce(&mut SharedState) -> Result<T, Failure>,
    {
        let mut state = self.state.write().await;
        let result = updater(&mut state)?;
        state.version += 1;
        state.last_updated = Utc::now();

        // Notify listeners
        self.notify_state_change(&state).await?;

        Ok(result)
    }

    pub async fn get(&self) -> Result<SharedState, Failure> {
        Ok(self.state.read().await.clone())
    }

    async fn notify_state_change(&self, state: &SharedState) -> Result<(), Failure> {
        let listeners = self.listeners.read().await.clone();
        for listener in listeners {
            (listener.hear)(state).await?;
        }
        Ok(())
    }
}

// Behind the binding.

struct BoundState {
    manager: Rc<StateManager>,
    snapshots: Rc<RefCell<Vec<SharedState>>>,
}

pub fn make(message: &Json) -> Result<Rc<dyn Bound>, Failure> {
    let data = match message.get("initial") {
        Json::Object(items) => items.clone().into_iter().collect(),
        _ => HashMap::new(),
    };
    let state = SharedState { data, version: 0, last_updated: Utc::now() };
    let manager = StateManager { state: Arc::new(RwLock::new(state)), listeners: Arc::new(RwLock::new(Vec::new())) };
    Ok(Rc::new(BoundState { manager: Rc::new(manager), snapshots: Rc::default() }))
}

impl Bound for BoundState {
    fn members(&self) -> &'static [&'static str] {
        &["add_listener"]
    }

    fn plain(&self, method: &str, message: &Json) -> Option<Result<Json, Failure>> {
        let mut snapshots = self.snapshots.borrow_mut();
        match method {
            "read" => {
                let asked = message.get("snapshots").list().iter().filter_map(|name| index(name.text(), snapshots.len()));
                Some(Ok(Json::List(asked.map(|place| shown(place, &snapshots[place])).collect())))
            }
            "change" => {
                if let Some(place) = index(message.get("snapshot").text(), snapshots.len()) {
                    change(&mut snapshots[place], message.get("edits"));
                }
                Some(Ok(Json::Null))
            }
            "add_listener" => {
                drop(snapshots);
                let (id, manner) = (message.get("listener").text(), message.get("manner").text());
                Some(self.add(id, manner, message.get("invited").text()))
            }
            "remove_listener" => {
                remove(&self.manager, message.get("listener").text());
                Some(Ok(Json::Null))
            }
            "add_error_listener" => Some(Err(Failure::unsupported(method))),
            _ => None,
        }
    }

    fn call(&self, method: &str, message: &Json) -> Option<Calling> {
        let (manager, snapshots, message) = (self.manager.clone(), self.snapshots.clone(), message.clone());
        Some(match method {
            "update" => Box::pin(async move { manager.update(|state| updated(state, &message)).await }),
            "get" => Box::pin(async move { manager.get().await.map(|state| kept(&snapshots, &state)) }),
            "update_if" => Box::pin(async { Err(Failure::unsupported("update_if")) }),
            _ => return None,
        })
    }
}

impl BoundState {
    fn add(&self, id: &str, manner: &str, invited: &str) -> Result<Json, Failure> {
        let times = Rc::new(Cell::new(0));
        let (manager, snapshots) = (self.manager.clone(), self.snapshots.clone());
        let again = BoundState { manager: manager.clone(), snapshots: snapshots.clone() };
        let (name, manner, invited) = (id.to_string(), manner.to_string(), invited.to_string());
        let hear = move |state: &SharedState| -> Heard {
            times.set(times.get() + 1);
            let told = kept(&snapshots, state);
            if manner == "waiting" {
                let heard = function(&name, "", vec![told]);
                return Box::pin(async { heard.await.map(|_| ()) });
            }
            tell(&name, vec![told]);
            match manner.as_str() {
                "failing" => {
                    let number = object([("error", format!("{name}.{}", times.get()).as_str().into())]);
                    return Box::pin(async move { Err(Failure::Kit(error(&number))) });
                }
                "leaving" => remove(&manager, &name),
                "inviting" if times.get() == 1 => drop(again.add(&invited, "plain", "")),
                _ => {}
            }
            Box::pin(async { Ok(()) })
        };
        let listener = StateChangeListener { id: id.to_string(), hear: Rc::new(hear) };
        now(self.manager.listeners.write()).push(listener);
        Ok(Json::Null)
    }
}

fn remove(manager: &StateManager, id: &str) {
    now(manager.listeners.write()).retain(|each| each.id != id);
}

/// What a future gives at once: nobody holds the list of listeners while others run.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nobody waits with it in hand"),
    }
}

fn updated(state: &mut SharedState, message: &Json) -> Result<Json, Failure> {
    let function = message.get("function").text();
    tell(function, vec![data(state)]);
    for edit in message.get("edits").list() {
        let path: Vec<&str> = edit.get("path").list().iter().map(Json::text).collect();
        apply(state, &path, edit)?;
    }
    match message.get("error") {
        Json::Null => Ok(format!("{function}.1").as_str().into()),
        sent => Err(Failure::Kit(error(sent))),
    }
}

fn apply(state: &mut SharedState, path: &[&str], edit: &Json) -> Result<(), Failure> {
    let missing = || Failure::Other("NoSuchPath", path.join("."));
    let (first, rest) = path.split_first().ok_or_else(missing)?;
    if edit.get("edit").text() == "set" && rest.is_empty() {
        state.data.insert(first.to_string(), edit.get("value").clone());
        return Ok(());
    }
    if edit.get("edit").text() == "add" && rest.is_empty() {
        state.data.entry(first.to_string()).or_insert(Json::Number("0".to_string()));
    }
    let mut place = state.data.get_mut(*first).ok_or_else(missing)?;
    for key in rest {
        let Json::Object(items) = place else { return Err(missing()) };
        place = items.get_mut(*key).ok_or_else(missing)?;
    }
    match place {
        Json::Number(number) => *number = (number.parse::<f64>().unwrap_or(0.0) + edit.get("by").number()).to_string(),
        Json::List(items) => items.push(edit.get("value").clone()),
        _ => return Err(missing()),
    }
    Ok(())
}

fn change(snapshot: &mut SharedState, edits: &Json) {
    for edit in edits.list() {
        let path: Vec<&str> = edit.get("path").list().iter().map(Json::text).collect();
        if path.is_empty() {
            snapshot.version = snapshot.version.wrapping_add_signed(edit.get("by").number() as i64);
        } else {
            apply(snapshot, &path, edit).ok();
        }
    }
}

fn data(state: &SharedState) -> Json {
    Json::Object(state.data.clone().into_iter().collect())
}

fn kept(snapshots: &RefCell<Vec<SharedState>>, state: &SharedState) -> Json {
    let mut snapshots = snapshots.borrow_mut();
    snapshots.push(state.clone());
    shown(snapshots.len() - 1, state)
}

fn index(name: &str, count: usize) -> Option<usize> {
    name.strip_prefix('s')?.parse().ok().filter(|place| *place < count)
}

fn shown(place: usize, state: &SharedState) -> Json {
    object([
        ("snapshot", format!("s{place}").as_str().into()),
        ("version", state.version.into()),
        ("data", data(state)),
        ("last_updated", Json::Number(state.last_updated.0.to_string())),
    ])
}
