//! A real controller in the lab with the API over it, and a client that asks the router without a socket.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use evenkeel::api::{Api, Limits, NewToken, Peer, RANDOM, Role, Scrape, Setup, TokenFile, router};
use evenkeel::controller::handle::door;
use evenkeel::controller::reload::{File, Tables};
use evenkeel::controller::run::run;
use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::time::Span;
use evenkeel::reconcile::pass::Verdict;
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::common::cgap;
use crate::common::world::World;

const TABLE: &str = include_str!("../../specs/cgap.yaml");

/// An account as the users' table states it, with a record.
pub(super) struct Bench {
    pub(super) lab: Lab,
    begun: Value,
}

/// Whoever asks.
#[derive(Clone)]
pub(super) struct Client {
    router: Router,
    api: Arc<Api>,
    peer: IpAddr,
    token: Option<String>,
    /// What the server told those who run it.
    pub(super) said: Arc<Mutex<Vec<String>>>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// Everybody's tokens: a name, a role, and a number that the token is made of.
pub(super) const READER: (&str, Role, u8) = ("reader", Role::Read, 1);
pub(super) const OPERATOR: (&str, Role, u8) = ("operator", Role::Operate, 2);

/// The token of one of them.
pub(super) fn token((name, role, chance): (&str, Role, u8)) -> NewToken {
    NewToken::new(name, role, &[chance; RANDOM]).unwrap()
}

impl Bench {
    pub(super) async fn settled(seed: u64) -> Self {
        let lab = Lab::new(cgap(), Start::Stated, seed).unwrap();
        let begun = lab.world().world_json();
        let ended = lab.settle(Until::Settled, |_| {}).await;
        assert_eq!(ended.end, End::Reached(Verdict::Converged));
        Self { lab, begun }
    }

    /// What was true so far.
    pub(super) fn world(&self) -> World {
        World::of(&self.lab, &self.begun)
    }

    pub(super) fn kick_all(&self) {
        for part in ["portal", "Indexer", "Ingester"] {
            self.lab.kick(self.lab.service(part)).unwrap();
        }
    }

    /// Supervises, and answers `meanwhile`, who begins after the first look. Without tokens if `tokens` is false.
    pub(super) async fn served<T, F: Future<Output = T>>(
        &self,
        tokens: bool,
        limits: Limits,
        meanwhile: impl FnOnce(Client) -> F,
    ) -> T {
        let (handle, door) = door();
        let files: BTreeMap<String, File> = [("cgap.yaml".to_owned(), File::Read(TABLE.as_bytes().to_vec()))].into();
        let mut tables = Tables::default();
        tables.reload(files.clone());
        let aws = self.lab.aws();
        let said = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&said);
        let file = format!("{}\n{}\n", token(READER).line, token(OPERATOR).line);
        let file = tokens.then(|| TokenFile::open(move || Ok(file.clone().into_bytes())).unwrap());
        let api = Arc::new(Api::new(Setup {
            handle,
            speed: 1.0,
            limits,
            metrics: Scrape { media_type: "text/plain", text: Box::new(|_| "up 1\n".to_owned()) },
            tokens: file,
            tls: None,
            said: Box::new(move |line| telling.lock().unwrap().push(line.to_owned())),
        }));
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let client = Client { router: router(&api), api, peer, token: None, said };
        let running = run(async |_| aws.clone(), || files.clone(), tables, self.lab.pacing(), door, |_| {});
        let asking = async {
            self.lab.wait(Span::minutes(1)).await;
            meanwhile(client).await
        };
        tokio::select! {
            biased;
            ended = asking => ended,
            never = running => match never {},
        }
    }
}

impl Client {
    /// The same client with somebody's token.
    pub(super) fn with(&self, who: (&str, Role, u8)) -> Self {
        Self { token: Some(token(who).token), ..self.clone() }
    }

    /// The same client with something for a token.
    pub(super) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client at another address.
    pub(super) fn at(&self, last: u8) -> Self {
        Self { peer: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), ..self.clone() }
    }

    /// Ends what the server ends with.
    pub(super) fn end(&self) {
        self.api.end();
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    pub(super) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("content-type", "application/json")], body).await
    }

    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let response = self.open(method, path, headers, body).await;
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// The response, whose body may never end.
    pub(super) async fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> http::Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:8080");
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(Peer(self.peer));
        let Ok(response) = self.router.clone().oneshot(request).await;
        response
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:?}\n{}", self.headers, self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    pub(super) fn problem(&self, status: u16, kind: &str) -> Value {
        let problem = self.json(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(problem["type"], format!("/problems/{kind}"), "{problem}");
        problem
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
