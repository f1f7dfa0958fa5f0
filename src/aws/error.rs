//! What AWS answered when it did not do what was asked.
//!
//! A class for those who decide, AWS's own words for those who read, and the request id for those who ask AWS.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::model::observed::{Trouble, Why};

/// A call that failed.
#[derive(Debug)]
pub struct AwsError {
    /// Which, as `ecs:UpdateService`.
    pub operation: &'static str,
    /// What it means for whoever called.
    pub class: Class,
    /// AWS's error code, as `ThrottlingException`; empty if AWS did not answer.
    pub code: String,
    /// AWS's words, or what went wrong on the way.
    pub message: String,
    /// AWS's id of the request; empty if AWS did not answer.
    pub request_id: String,
}

/// What a failed call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Too many calls: later.
    Throttled,
    /// No answer, or a 5xx: later. The call may have had its effect.
    Transient,
    /// Something else is under way, or was done before.
    Conflict,
    /// It is not there.
    NotFound,
    /// Credentials or permissions.
    Denied,
    /// The call itself is wrong, or was wrongly answered.
    Invalid,
    /// It was not sent: what it follows from had grown too old.
    Unsent,
}

impl AwsError {
    /// Reads what the SDK says of a failed call.
    pub(super) fn of<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let words = error.as_service_error().map(|service| {
            let code = service.code().unwrap_or_default().to_owned();
            let message = service.message().unwrap_or_default().to_owned();
            let request_id = service.meta().extra("aws_request_id").unwrap_or_default().to_owned();
            (code, message, request_id)
        });
        match words {
            Some((code, message, request_id)) => {
                let class = class(&code, status);
                Self { operation, class, code, message, request_id }
            }
            None => {
                let class = match &error {
                    // Before anything was sent: no credentials, no endpoint, no region.
                    SdkError::ConstructionFailure(_) => Class::Denied,
                    SdkError::ResponseError(_) if status.is_some_and(|status| status < 500) => Class::Invalid,
                    _ if no_credentials(&error) => Class::Denied,
                    _ => Class::Transient,
                };
                let message = match class {
                    Class::Denied => format!("no usable AWS credentials ({})", short(&root(&error))),
                    // The SDK dumps the whole request here; what is wrong stands innermost.
                    _ if matches!(&error, SdkError::DispatchFailure(failure) if failure.is_other()) => root(&error),
                    _ => chain(&error),
                };
                Self { operation, class, code: String::new(), message, request_id: String::new() }
            }
        }
    }

    /// An answer that a client cannot make sense of.
    pub(super) fn strange(operation: &'static str, message: impl Into<String>) -> Self {
        let class = Class::Invalid;
        Self { operation, class, code: String::new(), message: message.into(), request_id: String::new() }
    }

    /// A call whose time is over. An attempt before it may have been sent.
    pub(super) fn unsent(operation: &'static str) -> Self {
        let message = "not sent, the look behind it is too old".to_owned();
        Self { operation, class: Class::Unsent, code: String::new(), message, request_id: String::new() }
    }

    /// Why something could not be seen.
    pub fn why(&self) -> Why {
        let trouble = match self.class {
            Class::Throttled | Class::Transient | Class::Conflict | Class::Unsent => Trouble::Passing,
            Class::NotFound | Class::Denied | Class::Invalid => Trouble::Lasting,
        };
        Why { text: self.to_string(), trouble }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, class: _, code, message, request_id: _ } = self;
        if code.is_empty() { write!(f, "{operation}: {message}") } else { write!(f, "{operation}: {code}: {message}") }
    }
}

impl Error for AwsError {}

/// Sources: the errors that each operation's model declares, ECS's and ELB's request throttling pages, and what AWS's SDKs
/// repeat by a code of any service.
fn class(code: &str, status: Option<u16>) -> Class {
    match code {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "TooManyRequestsException" => Class::Throttled,
        "RequestTimeout" | "RequestTimeoutException" => Class::Transient,
        "ConflictException" | "UpdateInProgressException" | "ConcurrentUpdateException" => Class::Conflict,
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException" => Class::Denied,
        _ if status == Some(429) => Class::Throttled,
        _ if status.is_some_and(|status| status >= 500) => Class::Transient,
        _ if code.contains("NotFound") || code == "ServiceNotActiveException" => Class::NotFound,
        _ => Class::Invalid,
    }
}

fn no_credentials(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<aws_credential_types::provider::error::CredentialsError>().is_some())
}

/// The SDK names every place where it looked; the first words say enough, and `--log` has the rest.
fn short(text: &str) -> &str {
    const ENOUGH: usize = 120;
    text.char_indices().nth(ENOUGH).map_or(text, |(end, _)| &text[..end])
}

/// The innermost cause.
fn root(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The causes of an error, said once each.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for text in causes(error).map(|cause| cause.to_string()) {
        if !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

#[cfg(test)]
mod tests {
    use super::{AwsError, Class, class};
    use crate::model::observed::Trouble;

    #[test]
    fn each_code_means_what_aws_says_of_it_and_what_nobody_knows_is_a_mistake_of_the_call() {
        let codes = [
            (
                "Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException",
                Class::Throttled,
            ),
            ("RequestLimitExceeded SlowDown TooManyRequestsException", Class::Throttled),
            ("RequestTimeout RequestTimeoutException", Class::Transient),
            ("ConflictException UpdateInProgressException ConcurrentUpdateException", Class::Conflict),
            ("AccessDenied AccessDeniedException UnrecognizedClientException InvalidClientTokenId", Class::Denied),
            ("ExpiredToken ExpiredTokenException SignatureDoesNotMatch InvalidSignatureException", Class::Denied),
            ("ClusterNotFoundException TargetGroupNotFound ServiceNotActiveException", Class::NotFound),
            ("InvalidParameterException ClientException PlatformUnknownException", Class::Invalid),
        ];
        for (codes, expected) in codes {
            for code in codes.split(' ') {
                assert_eq!(class(code, Some(400)), expected, "{code}");
            }
        }
        // What a proxy says in AWS's place has a status and no code.
        let statuses =
            [(429, Class::Throttled), (500, Class::Transient), (503, Class::Transient), (403, Class::Invalid)];
        for (status, expected) in statuses {
            assert_eq!(class("", Some(status)), expected, "{status}");
        }
        assert_eq!(class("ServerException", Some(500)), Class::Transient);
        assert_eq!(class("ThrottlingException", Some(503)), Class::Throttled);
    }

    #[test]
    fn only_what_may_pass_by_itself_is_worth_waiting_for() {
        for (class, passing) in [
            (Class::Throttled, true),
            (Class::Transient, true),
            (Class::Conflict, true),
            (Class::NotFound, false),
            (Class::Denied, false),
            (Class::Invalid, false),
        ] {
            let text = String::new;
            let error = AwsError { operation: "ecs:RunTask", class, code: text(), message: text(), request_id: text() };
            assert_eq!(error.why().trouble == Trouble::Passing, passing, "{class:?}");
        }
    }
}
