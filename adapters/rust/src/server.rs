//! The endpoints of the binding, over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::mpsc::{channel, Sender};
use std::thread;

use crate::json::{object, Json};
use crate::runtime;
use crate::world::{self, fault, Bound, Failure, Fault};

const VERSION: u64 = 1;
const MOST_BYTES: usize = 1_000_000;

/// Makes an implementation of a pattern, of the message that asks for it.
pub type Make = fn(&Json) -> Result<Rc<dyn Bound>, Failure>;

struct Asked {
    method: String,
    path: String,
    body: Result<Vec<u8>, Fault>,
    answer: Sender<(u16, Json)>,
}

/// Serve implementations until the process is told to stop. Connections have threads of their own, all else happens in this one.
pub fn serve(name: &str, patterns: &[(&'static str, Make)], port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port can be had");
    println!("serving {name} at http://{}", listener.local_addr().expect("it listens"));
    let (ask, asked) = channel::<Asked>();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let ask = ask.clone();
            thread::spawn(move || converse(stream, &ask));
        }
    });
    for request in asked {
        let answer = answered(name, patterns, &request).unwrap_or_else(|fault| (fault.status, problem(&fault)));
        request.answer.send(answer).ok();
    }
}

fn problem(fault: &Fault) -> Json {
    object([
        ("type", format!("/problems/{}", fault.kind).as_str().into()),
        ("title", fault.kind.into()),
        ("status", u64::from(fault.status).into()),
        ("detail", fault.detail.as_str().into()),
    ])
}

/// Answer the requests of one connection, one after another.
fn converse(mut stream: TcpStream, ask: &Sender<Asked>) {
    stream.set_nodelay(true).ok();
    let mut reader = BufReader::new(stream.try_clone().expect("a stream can be cloned"));
    while let Some((method, path, body)) = read(&mut reader) {
        let (answer, answered) = channel();
        if ask.send(Asked { method, path, body, answer }).is_err() {
            return;
        }
        let Ok((status, body)) = answered.recv() else { return };
        let media = if status < 400 { "application/json" } else { "application/problem+json" };
        let body = body.to_string();
        let head = format!("HTTP/1.1 {status} -\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request; None: the connection is over.
fn read(reader: &mut impl BufRead) -> Option<(String, String, Result<Vec<u8>, Fault>)> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|count| *count > 0)?;
    let mut words = first.split_whitespace();
    let (method, path) = (words.next()?.to_string(), words.next()?.to_string());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        match line.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length.min(MOST_BYTES)];
    reader.read_exact(&mut body).ok()?;
    std::io::copy(&mut reader.take((length - body.len()) as u64), &mut std::io::sink()).ok()?;
    let too_large = length > MOST_BYTES;
    let body = if too_large { Err(fault(413, "too-large", format!("{length} bytes"))) } else { Ok(body) };
    Some((method, path, body))
}

fn answered(name: &str, patterns: &[(&'static str, Make)], asked: &Asked) -> Result<(u16, Json), Fault> {
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let message = parsed(&asked.body)?;
    let (status, more) = match (asked.method.as_str(), parts.as_slice()) {
        ("GET", [""]) => return Ok((200, description(name, patterns))),
        ("GET", ["calls", call]) => return Ok((200, world::state_of(call)?)),
        ("POST", ["instances"]) => (201, Some(make(patterns, &message)?)),
        ("DELETE", ["instances", instance]) => (200, world::remove(instance).map(|()| None)?),
        ("POST", ["instances", instance, "calls"]) => (201, world::begin(instance, &message).map(|()| None)?),
        ("DELETE", ["calls", call]) => (200, world::cancel(call).map(|()| None)?),
        ("POST", ["operations", operation]) => (200, world::release(operation, &message).map(|()| None)?),
        ("POST", ["clock"]) => (200, pass(&message).map(|()| None)?),
        _ => return Err(fault(404, "unknown", format!("{} {path}: no such endpoint", asked.method))),
    };
    if query.contains("settle=true") {
        world::settle()?;
    }
    let mut answer = more.unwrap_or_default();
    answer.insert("events".to_string(), world::take_events());
    Ok((status, Json::Object(answer)))
}

fn parsed(body: &Result<Vec<u8>, Fault>) -> Result<Json, Fault> {
    let body = body.as_ref().map_err(|told| fault(told.status, told.kind, told.detail.clone()))?;
    if body.is_empty() {
        return Ok(Json::Null);
    }
    let text = std::str::from_utf8(body).map_err(|error| fault(400, "malformed", error.to_string()))?;
    Json::parse(text).map_err(|detail| fault(400, "malformed", detail))
}

fn description(name: &str, patterns: &[(&'static str, Make)]) -> Json {
    let texts = |all: Vec<&str>| Json::List(all.into_iter().map(Json::from).collect());
    let instances = world::instances();
    object([
        ("binding", VERSION.into()),
        ("name", name.into()),
        ("patterns", texts(patterns.iter().map(|(pattern, _)| *pattern).collect())),
        ("runtime", concat!("rust, edition 2021, ", env!("CARGO_PKG_NAME")).into()),
        ("cancels", true.into()),
        ("wall_clock", true.into()),
        ("instances", texts(instances.iter().map(String::as_str).collect())),
    ])
}

type More = std::collections::BTreeMap<String, Json>;

fn make(patterns: &[(&'static str, Make)], message: &Json) -> Result<More, Fault> {
    let (instance, wanted) = (message.get("instance").text(), message.get("pattern").text());
    world::is_free(instance)?;
    let Some((pattern, make)) = patterns.iter().find(|(pattern, _)| *pattern == wanted) else {
        return Err(fault(422, "unsupported", wanted));
    };
    let made = make(message).map_err(|failure| fault(422, "unsupported", failure.outcome().get("what").text()))?;
    let members = made.members().iter().map(|member| Json::from(*member)).collect();
    world::keep(instance, pattern, made);
    Ok(More::from([("instance".to_string(), instance.into()), ("members".to_string(), Json::List(members))]))
}

fn pass(message: &Json) -> Result<(), Fault> {
    if message.get("turns").number() > 0.0 {
        return Err(fault(409, "no-turns", "turns cannot be counted between requests"));
    }
    world::settle()?;
    runtime::move_wall_clock(message.get("seconds").number() + message.get("wall_clock").number());
    Ok(())
}
