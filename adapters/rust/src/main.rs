//! Serves the samples of the pattern document behind the HTTP binding: `cargo run -- 8080`.

#![allow(clippy::arc_with_non_send_sync)] // the samples say Arc, and here all is in one thread

mod circuit_breaker;
mod connection_pool;
mod json;
mod resource_lifecycle;
mod runtime;
mod server;
mod shared_state;
mod world;

fn main() {
    let port = std::env::args().nth(1).map_or(8080, |port| port.parse().expect("a port is a number"));
    let samples: [(&str, server::Make); 4] = [
        ("circuit_breaker", circuit_breaker::make),
        ("connection_pool", connection_pool::make),
        ("shared_state", shared_state::make),
        ("resource_lifecycle", resource_lifecycle::make),
    ];
    server::serve("the samples in Rust", &samples, port);
}
