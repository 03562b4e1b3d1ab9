//! What the samples take from tokio and chrono: tasks, asynchronous locks, and the time; all of it the kit's to move.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::{poll_fn, Future};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex as Guarded};
use std::task::{Context, Poll, Wake, Waker};

const MOST_POLLS: usize = 100_000;
/// Of the wall clock, in seconds; each example begins there.
const START: f64 = 1_900_000_000.0;

type Task = Pin<Box<dyn Future<Output = ()>>>;
type Queue = Arc<Guarded<VecDeque<u64>>>;

struct Wakes {
    task: u64,
    queue: Queue,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.queue.lock().unwrap().push_back(self.task);
    }
}

/// Runs tasks one at a time, in the order in which they were woken.
#[derive(Default)]
pub struct Runtime {
    tasks: RefCell<BTreeMap<u64, Task>>,
    queue: Queue,
    count: Cell<u64>,
}

impl Runtime {
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) -> u64 {
        self.count.set(self.count.get() + 1);
        self.tasks.borrow_mut().insert(self.count.get(), Box::pin(task));
        self.queue.lock().unwrap().push_back(self.count.get());
        self.count.get()
    }

    /// Drop a task where it stands, as tokio's abort() does; whether it was there.
    pub fn abort(&self, task: u64) -> bool {
        let held = self.tasks.borrow_mut().remove(&task);
        held.is_some()
    }

    /// Go on until nothing can move by itself; false: it never comes to rest.
    pub fn settle(&self) -> bool {
        for _ in 0..MOST_POLLS {
            let Some(next) = self.queue.lock().unwrap().pop_front() else { return true };
            let Some(mut task) = self.tasks.borrow_mut().remove(&next) else { continue };
            let waker = Waker::from(Arc::new(Wakes { task: next, queue: self.queue.clone() }));
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                self.tasks.borrow_mut().insert(next, task);
            }
        }
        false
    }

    pub fn clear(&self) {
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        drop(tasks);
        self.queue.lock().unwrap().clear();
    }
}

thread_local! {
    pub static RUNTIME: Runtime = Runtime::default();
    static NOW: Cell<f64> = const { Cell::new(0.0) };
}

/// The wall clock, as chrono's `Utc` has it.
pub struct Utc;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DateTime(pub f64);

impl Utc {
    pub fn now() -> DateTime {
        DateTime(START + NOW.get())
    }
}

impl DateTime {
    pub fn timestamp(&self) -> i64 {
        self.0 as i64
    }
}

pub fn move_wall_clock(seconds: f64) {
    NOW.set(NOW.get() + seconds);
}

pub fn reset() {
    RUNTIME.with(Runtime::clear);
    NOW.set(0.0);
}

/// A lock that is had in the order of asking, by one writer or any number of readers, as tokio's are.
struct Turns {
    readers: Cell<usize>,
    written: Cell<bool>,
    waiting: RefCell<VecDeque<Rc<Ticket>>>,
}

struct Ticket {
    writes: bool,
    granted: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Turns {
    fn new() -> Turns {
        Turns { readers: Cell::new(0), written: Cell::new(false), waiting: RefCell::default() }
    }

    async fn take(&self, writes: bool) {
        let ticket = Rc::new(Ticket { writes, granted: Cell::new(false), waker: RefCell::new(None) });
        self.waiting.borrow_mut().push_back(ticket.clone());
        let mut asking = Asking { turns: self, ticket, done: false };
        self.grant();
        poll_fn(|context| {
            if asking.ticket.granted.get() {
                return Poll::Ready(());
            }
            *asking.ticket.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
        asking.done = true;
    }

    fn grant(&self) {
        loop {
            let first = self.waiting.borrow().front().cloned();
            let Some(first) = first else { return };
            if self.written.get() || (first.writes && self.readers.get() > 0) {
                return;
            }
            self.written.set(first.writes);
            self.readers.set(self.readers.get() + usize::from(!first.writes));
            first.granted.set(true);
            let waker = first.waker.borrow_mut().take();
            waker.into_iter().for_each(Waker::wake);
            self.waiting.borrow_mut().pop_front();
        }
    }

    fn give_back(&self, writes: bool) {
        if writes {
            self.written.set(false);
        } else {
            self.readers.set(self.readers.get() - 1);
        }
        self.grant();
    }
}

/// Whoever is dropped while it waits gives up its place, or what it was granted.
struct Asking<'a> {
    turns: &'a Turns,
    ticket: Rc<Ticket>,
    done: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        if self.ticket.granted.get() {
            self.turns.give_back(self.ticket.writes);
        } else {
            self.turns.waiting.borrow_mut().retain(|each| !Rc::ptr_eq(each, &self.ticket));
            self.turns.grant();
        }
    }
}

/// A lock for many readers or one writer.
pub struct RwLock<T> {
    turns: Turns,
    value: RefCell<T>,
}

impl<T> RwLock<T> {
    pub fn new(value: T) -> RwLock<T> {
        RwLock { turns: Turns::new(), value: RefCell::new(value) }
    }

    pub async fn read(&self) -> Reading<'_, T> {
        self.turns.take(false).await;
        Reading { turns: &self.turns, value: Some(self.value.borrow()) }
    }

    pub async fn write(&self) -> Writing<'_, T> {
        self.turns.take(true).await;
        Writing { turns: &self.turns, value: Some(self.value.borrow_mut()) }
    }
}

pub struct Reading<'a, T> {
    turns: &'a Turns,
    value: Option<std::cell::Ref<'a, T>>,
}

impl<T> Deref for Reading<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is held until it is dropped")
    }
}

impl<T> Drop for Reading<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        self.turns.give_back(false);
    }
}

pub struct Writing<'a, T> {
    turns: &'a Turns,
    value: Option<std::cell::RefMut<'a, T>>,
}

impl<T> Deref for Writing<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is held until it is dropped")
    }
}

impl<T> DerefMut for Writing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("it is held until it is dropped")
    }
}

impl<T> Drop for Writing<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        self.turns.give_back(true);
    }
}

/// A lock for one at a time.
pub struct Mutex<T>(RwLock<T>);

impl<T> Mutex<T> {
    pub fn new(value: T) -> Mutex<T> {
        Mutex(RwLock::new(value))
    }

    pub async fn lock(&self) -> Writing<'_, T> {
        self.0.write().await
    }
}
