//! 4.A, Connection Pool Pattern.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::json::{object, Json};
use crate::runtime::{Mutex, RUNTIME};
use crate::world::{function, Bound, Calling, Failure};

// The sample, with three changes without which it does not compile, or could not be watched: the factory is asynchronous, `new` is
// there, and a Drop that cannot await has the connection returned by a task, as one writes it for tokio. For that task the pool has
// to outlive everybody.

type Factory<T> = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<T, PoolError>>>>>;

pub enum PoolError {
    NoAvailableConnections,
    Factory(Failure),
}

pub struct ConnectionPool<T: 'static> {
    available: Mutex<Vec<T>>,
    max_size: usize,
    factory: Factory<T>,
}

impl<T: 'static> ConnectionPool<T> {
    pub fn new(max_size: usize, factory: Factory<T>) -> Self {
        Self { available: Mutex::new(Vec::new()), max_size, factory }
    }

    pub async fn get(&'static self) -> Result<PooledConnection<T>, PoolError> {
        // Try to get an available connection
        let mut available = self.available.lock().await;

        let conn = if let Some(conn) = available.pop() {
            conn
        } else if available.len() < self.max_size {
            // Create new connection if under max size
            (self.factory)().await?
        } else {
            // Wait for a connection to become available
            return Err(PoolError::NoAvailableConnections);
        };

        // Return pooled connection
        Ok(PooledConnection { conn: Some(conn), pool: self })
    }

    fn return_connection(&'static self, conn: T) {
        RUNTIME.with(|runtime| {
            runtime.spawn(async move {
                let mut available = self.available.lock().await;
                available.push(conn);
            })
        });
    }
}

// Pooled connection that returns to pool on drop
pub struct PooledConnection<T: 'static> {
    conn: Option<T>,
    pool: &'static ConnectionPool<T>,
}

impl<T> Drop for PooledConnection<T> {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.pool.return_connection(conn);
        }
    }
}

// Behind the binding.

type Handles = Rc<RefCell<BTreeMap<String, PooledConnection<String>>>>;

/// A pool of connections of the kit's, which are their ids here.
struct BoundPool {
    pool: &'static ConnectionPool<String>,
    handles: Handles,
}

pub fn make(message: &Json) -> Result<Rc<dyn Bound>, Failure> {
    let settings = message.get("settings");
    for name in ["acquire_timeout", "max_idle", "max_lifetime"] {
        if !settings.get(name).is_null() {
            return Err(Failure::unsupported(name));
        }
    }
    if settings.get("min_size").number() > 0.0 {
        return Err(Failure::unsupported("min_size"));
    }
    let (size, connect) = (settings.get("max_size"), message.get("connect").text().to_string());
    let factory: Factory<String> = Box::new(move || {
        let made = function(&connect, "", vec![]);
        Box::pin(async move { Ok(made.await.map_err(PoolError::Factory)?.get("connection").text().to_string()) })
    });
    let pool = ConnectionPool::new(if size.is_null() { 10 } else { size.number() as usize }, factory);
    Ok(Rc::new(BoundPool { pool: Box::leak(Box::new(pool)), handles: Handles::default() }))
}

impl Bound for BoundPool {
    fn plain(&self, method: &str, _: &Json) -> Option<Result<Json, Failure>> {
        match method {
            "break" => Some(Ok(Json::Null)), // the pool never asks whether a connection is alive
            "statistics" => Some(Err(Failure::unsupported(method))),
            _ => None,
        }
    }

    fn call(&self, method: &str, message: &Json) -> Option<Calling> {
        let (pool, handles) = (self.pool, self.handles.clone());
        let (call, handle) = (message.get("call").text().to_string(), message.get("handle").text().to_string());
        let payload = message.get("payload").clone();
        Some(match method {
            "acquire" => Box::pin(async move {
                let conn = pool.get().await.map_err(told)?;
                handles.borrow_mut().insert(call, conn);
                Ok(Json::Null)
            }),
            "request" => Box::pin(async move {
                let conn = handles.borrow().get(&handle).and_then(|held| held.conn.clone()).ok_or(unknown(&handle))?;
                function(&conn, "request", vec![payload]).await
            }),
            "release" => Box::pin(async move {
                let conn = handles.borrow_mut().remove(&handle);
                conn.map(|_| Json::Bool(false)).ok_or(unknown(&handle))
            }),
            "close" => Box::pin(async { Err(Failure::unsupported("close")) }),
            _ => return None,
        })
    }
}

fn unknown(handle: &str) -> Failure {
    Failure::Word(object([
        ("outcome", "failed".into()),
        ("type", "NoSuchHandle".into()),
        ("message", format!("no call {handle:?} has acquired anything").as_str().into()),
    ]))
}

fn told(error: PoolError) -> Failure {
    match error {
        PoolError::NoAvailableConnections => Failure::word("timed_out"),
        PoolError::Factory(failure) => failure,
    }
}
