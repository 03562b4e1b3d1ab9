//! 3.B, Circuit Breaker Pattern.

use std::future::Future;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, AtomicU8, AtomicUsize, Ordering};

use crate::json::Json;
use crate::runtime::Utc;
use crate::world::{function, Bound, Calling, Failure};

// The sample. What it names and does not show: the settings, the states, and the three small methods at its end.

pub struct CircuitBreakerSettings {
    failure_threshold: usize,
}

pub enum CircuitState {
    Closed,
    Open,
    HalfOpen,
}

pub enum CircuitBreakerError {
    CircuitOpen,
}

pub trait FromError {
    fn from_error(error: CircuitBreakerError) -> Self;
}

pub struct CircuitBreaker {
    state: AtomicU8,
    failure_count: AtomicUsize,
    last_failure: AtomicU64,
    settings: CircuitBreakerSettings,
}

impl CircuitBreaker {
    pub async fn execute<F, T, E>(&self, operation: F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: FromError,
    {
        match self.get_state() {
            CircuitState::Closed => {
                // Normal operation
                match operation.await {
                    Ok(result) => {
                        // Reset failure count on success
                        self.failure_count.store(0, Ordering::SeqCst);
                        Ok(result)
                    }
                    Err(e) => {
                        // Increment failure count
                        let failures = self.failure_count.fetch_add(1, Ordering::SeqCst) + 1;
                        self.last_failure.store(Utc::now().timestamp() as u64, Ordering::SeqCst);

                        // Trip circuit if threshold reached
                        if failures >= self.settings.failure_threshold {
                            self.trip_circuit();
                        }

                        Err(e)
                    }
                }
            }
            CircuitState::Open => {
                // Circuit is open, fast fail
                Err(E::from_error(CircuitBreakerError::CircuitOpen))
            }
            CircuitState::HalfOpen => {
                // Test if the circuit can be closed again
                match operation.await {
                    Ok(result) => {
                        // Success, close the circuit
                        self.close_circuit();
                        Ok(result)
                    }
                    Err(e) => {
                        // Failed again, keep circuit open
                        self.trip_circuit();
                        Err(e)
                    }
                }
            }
        }
    }

    fn get_state(&self) -> CircuitState {
        match self.state.load(Ordering::SeqCst) {
            0 => CircuitState::Closed,
            1 => CircuitState::Open,
            _ => CircuitState::HalfOpen,
        }
    }

    fn trip_circuit(&self) {
        self.state.store(1, Ordering::SeqCst);
    }

    fn close_circuit(&self) {
        self.state.store(0, Ordering::SeqCst);
    }
}

// Behind the binding.

impl FromError for Failure {
    fn from_error(_: CircuitBreakerError) -> Failure {
        Failure::word("rejected")
    }
}

pub fn make(message: &Json) -> Result<Rc<dyn Bound>, Failure> {
    let settings = message.get("settings");
    for (name, plain) in [("half_open_max_calls", 1.0), ("success_threshold", 1.0)] {
        if !settings.get(name).is_null() && settings.get(name).number() != plain {
            return Err(Failure::unsupported(name));
        }
    }
    if !settings.get("ignored_errors").list().is_empty() {
        return Err(Failure::unsupported("ignored_errors"));
    }
    if !settings.get("failure_rate").is_null() {
        return Err(Failure::unsupported("failure_rate"));
    }
    let threshold = settings.get("failure_threshold");
    Ok(Rc::new(Rc::new(CircuitBreaker {
        state: AtomicU8::new(0),
        failure_count: AtomicUsize::new(0),
        last_failure: AtomicU64::new(0),
        settings: CircuitBreakerSettings { failure_threshold: if threshold.is_null() { 5 } else { threshold.number() as usize } },
    })))
}

impl Bound for Rc<CircuitBreaker> {
    fn plain(&self, method: &str, _: &Json) -> Option<Result<Json, Failure>> {
        let word = match self.get_state() {
            CircuitState::Closed => "closed",
            CircuitState::Open => "open",
            CircuitState::HalfOpen => "half_open",
        };
        match method {
            "state" => Some(Ok(word.into())),
            "add_listener" | "trip" | "reset" => Some(Err(Failure::unsupported(method))),
            _ => None,
        }
    }

    fn call(&self, method: &str, message: &Json) -> Option<Calling> {
        let (breaker, operation) = (self.clone(), function(message.get("function").text(), "", vec![]));
        (method == "call").then(|| -> Calling { Box::pin(async move { breaker.execute(operation).await }) })
    }
}
