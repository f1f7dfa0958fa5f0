//! The way to AWS: one client per service, one TLS stack, one clock, one way of trying again.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use tokio::time::Instant;

use crate::model::ids::{AccountId, Region};

use super::bucket::Haste;
use super::budget::{Budget, Budgets};
use super::clock::AwsClock;
use super::definitions::Definitions;
use super::error::AwsError;
use super::meter::Meter;
use super::retry::{Jitter, Repeat, retry};
use super::texts::Texts;

/// Everything that reads or writes AWS goes through one of these.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) ecr: aws_sdk_ecr::Client,
    pub(super) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) scaling: aws_sdk_applicationautoscaling::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) definitions: Arc<Mutex<Definitions>>,
    pub(super) account: Arc<OnceLock<AccountId>>,
    texts: Arc<Mutex<Texts>>,
    clock: AwsClock,
    meter: Meter,
    budgets: Budgets,
    budget: Budget,
    haste: Haste,
    until: Option<Instant>,
    region: Region,
    jitter: Jitter,
}

impl Aws {
    /// As the standard AWS settings say: `AWS_PROFILE`, `AWS_ENDPOINT_URL`, credentials of every kind.
    /// The region is the table's.
    pub async fn from_settings(region: &Region) -> Self {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let settings = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_types::region::Region::new(region.as_str().to_owned()))
            .http_client(http)
            .app_name(app_name())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts())
            .load()
            .await;
        Self::new(&settings, region, Jitter::Half)
    }

    /// Over a given HTTP client: the simulator in process. Nothing random, and credentials that nobody checks.
    pub fn over(http: SharedHttpClient, region: &Region) -> Self {
        let settings = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_types::region::Region::new(region.as_str().to_owned()))
            .http_client(http)
            .app_name(app_name())
            .retry_config(RetryConfig::disabled())
            .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
                aws_smithy_async::rt::sleep::TokioSleep::new(),
            ))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                Credentials::from_keys("lab", "lab", None),
            ))
            .build();
        Self::new(&settings, region, Jitter::None)
    }

    fn new(settings: &SdkConfig, region: &Region, jitter: Jitter) -> Self {
        let budgets = Budgets::default();
        let clock = AwsClock::default();
        let told = || clock.clone();
        Self {
            ecs: aws_sdk_ecs::Client::from_conf(
                aws_sdk_ecs::config::Builder::from(settings).interceptor(told()).build(),
            ),
            ecr: aws_sdk_ecr::Client::from_conf(
                aws_sdk_ecr::config::Builder::from(settings).interceptor(told()).build(),
            ),
            elb: aws_sdk_elasticloadbalancingv2::Client::from_conf(
                aws_sdk_elasticloadbalancingv2::config::Builder::from(settings).interceptor(told()).build(),
            ),
            sts: aws_sdk_sts::Client::from_conf(
                aws_sdk_sts::config::Builder::from(settings).interceptor(told()).build(),
            ),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(
                aws_sdk_applicationautoscaling::config::Builder::from(settings).interceptor(told()).build(),
            ),
            logs: aws_sdk_cloudwatchlogs::Client::from_conf(
                aws_sdk_cloudwatchlogs::config::Builder::from(settings).interceptor(told()).build(),
            ),
            definitions: Arc::default(),
            account: Arc::default(),
            texts: Arc::default(),
            clock,
            meter: Meter::default(),
            budget: budgets.of(region),
            budgets,
            haste: Haste::Work,
            until: None,
            region: region.clone(),
            jitter,
        }
    }

    /// AWS's time.
    pub fn clock(&self) -> &AwsClock {
        &self.clock
    }

    /// The same way, counted by the meter that all ways of a process share.
    #[must_use]
    pub fn counted_by(self, meter: &Meter) -> Self {
        Self { meter: meter.clone(), ..self }
    }

    /// The same way, held to the budget of its region that all ways of a process share.
    #[must_use]
    pub fn within(self, budgets: &Budgets) -> Self {
        Self { budget: budgets.of(&self.region), budgets: budgets.clone(), ..self }
    }

    /// The same way for reads that only look whether something has come up: they leave a part of the budget to others.
    #[must_use]
    pub fn at_leisure(&self) -> Self {
        Self { haste: Haste::Leisure, ..self.clone() }
    }

    /// The same way for what follows from a look, as long as the look is younger than `age` in AWS's time. After that no
    /// attempt is sent, the repeats of a call that began before included. `lasted` is what the look took by AWS's own
    /// answers: where the machine slept in the middle of it, only they tell.
    #[must_use]
    pub fn following(&self, began: Instant, lasted: Duration, age: Duration) -> Self {
        let here = self.budgets.here(age);
        let left = if lasted < self.budgets.there(here) { here } else { Duration::ZERO };
        Self { until: Some(began + left), ..self.clone() }
    }

    /// Whether nothing is sent this way any more.
    pub fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// What holds the calls of this way, and of all others of the process.
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// What counts the calls of this way.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The texts that all calls of this way share.
    pub(super) fn texts(&self) -> MutexGuard<'_, Texts> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call that has the same effect twice. `operation` is its name in errors and counts.
    pub(super) async fn repeat<T>(
        &self,
        operation: &'static str,
        call: impl AsyncFnMut() -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        retry((self.jitter, self.budgets.speed()), Repeat::Always, self.attempts(operation, call)).await
    }

    /// A call that may be sent again only if AWS refused it.
    pub(super) async fn once<T>(
        &self,
        operation: &'static str,
        call: impl AsyncFnMut() -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        retry((self.jitter, self.budgets.speed()), Repeat::IfRefused, self.attempts(operation, call)).await
    }

    /// The one place that every attempt of every call goes through.
    fn attempts<T>(
        &self,
        operation: &'static str,
        mut call: impl AsyncFnMut() -> Result<T, AwsError>,
    ) -> impl AsyncFnMut() -> Result<T, AwsError> {
        async move || {
            self.budget.turn(operation, self.haste).await;
            if self.is_over() {
                return Err(AwsError::unsent(operation));
            }
            let answer = call().await;
            self.meter.count(operation, &answer);
            self.budget.learn(operation, &answer);
            answer
        }
    }
}

/// So that CloudTrail says who called.
fn app_name() -> AppName {
    AppName::new("evenkeel").expect("letters are a good name")
}

/// A call that AWS has not answered in 10 s is repeated or left to the next pass; ECS answers within one.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(10))
        .build()
}
