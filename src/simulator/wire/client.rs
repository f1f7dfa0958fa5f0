//! The AWS SDK's HTTP client, answered by the simulator in the same process.
//!
//! Everything above it is the real SDK: serialisation, signing, retries, paginators, waiters. Answers at once, without
//! a socket and without waiting, so virtual time alone decides how long things take. Where a rule wants no answer, the
//! caller is told at once what it would else have found out by waiting: a timeout, or a broken connection.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use tokio::time::sleep;

use crate::simulator::fault::Way;
use crate::simulator::time::Time;
use crate::simulator::wire::http::{Reply, respond};
use crate::simulator::world::Simulator;

/// An `HttpClient` whose every request is answered by one simulator. Clones share it.
#[derive(Clone)]
pub struct InProcess {
    simulator: Arc<Mutex<Simulator>>,
    clock: Arc<dyn Fn() -> Time + Send + Sync>,
}

impl InProcess {
    /// A client of `simulator`; `clock` tells the virtual moment at which a request arrives.
    pub fn new(simulator: Arc<Mutex<Simulator>>, clock: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self { simulator, clock: Arc::new(clock) }
    }

    fn answer(&self, request: HttpRequest) -> Result<(HttpResponse, Way), ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (head, body) = request.into_parts();
        let Some(bytes) = body.bytes() else {
            return Err(ConnectorError::user("the simulator takes no streamed bodies".into()));
        };
        let request = ::http::Request::from_parts(head, bytes.to_vec());
        let reply = {
            let mut simulator = self.simulator.lock().expect("no request panics while it holds the simulator");
            let now = (self.clock)();
            respond(&mut simulator, now, &request)
        };
        let (response, way) = match reply {
            Reply::Nothing => return Err(ConnectorError::timeout("no answer came".into())),
            Reply::Response(_, Way::Cut) => {
                return Err(ConnectorError::io("the connection was closed in the middle of the answer".into()));
            }
            Reply::Response(response, way @ (Way::Whole | Way::Garbled | Way::Late(_))) => (response, way),
        };
        let response = HttpResponse::try_from(response.map(SdkBody::from));
        response.map(|response| (response, way)).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.answer(request) {
            Ok((response, Way::Late(ms))) => HttpConnectorFuture::new(async move {
                sleep(Duration::from_millis(ms.unsigned_abs())).await;
                Ok(response)
            }),
            Ok((response, Way::Whole | Way::Garbled | Way::Cut)) => HttpConnectorFuture::ready(Ok(response)),
            Err(error) => HttpConnectorFuture::ready(Err(error)),
        }
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InProcess")
    }
}
