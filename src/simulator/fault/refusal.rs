//! The words with which AWS refuses a call for no fault of the call.
//!
//! Sources: throttling by ECS's and ELBv2's pages on request throttling; missing permission as ECR says it; the texts
//! of 5xx answers are assumed.

use crate::simulator::arn::Place;
use crate::simulator::call::{Call, Service};
use crate::simulator::error::ApiError;

/// 400 `ThrottlingException`, which no service's model has and all of them use.
pub(in crate::simulator) fn throttled() -> ApiError {
    ApiError::client("ThrottlingException", "Rate exceeded")
}

/// 500 or 503, in the code of the call's service.
pub(super) fn server_error(call: &Call, status: u16) -> ApiError {
    let code = match (status, call.service) {
        (503, _) => "ServiceUnavailable",
        (_, Service::Ecs | Service::Ecr) => "ServerException",
        (_, Service::AutoScaling) => "InternalServiceException",
        (_, Service::Logs) => "ServiceUnavailableException",
        (_, Service::Elb | Service::Sts) => "InternalFailure",
        (_, Service::Ec2) => "InternalError",
    };
    let words = "Service Unavailable. Please try again later.";
    ApiError { status, ..ApiError::server(code, words) }
}

/// The caller's credentials were valid once: 400 of the JSON services, 403 of the Query services.
pub(super) fn expired(call: &Call) -> ApiError {
    let (code, status) = match call.service {
        Service::Ecs | Service::Ecr | Service::AutoScaling | Service::Logs => ("ExpiredTokenException", 400),
        Service::Elb | Service::Sts => ("ExpiredToken", 403),
        Service::Ec2 => ("RequestExpired", 400),
    };
    ApiError { status, ..ApiError::client(code, "The security token included in the request is expired") }
}

/// The caller may not: 400 of the JSON services, 403 of the Query services.
pub(super) fn denied(place: &Place, call: &Call) -> ApiError {
    let (code, status) = match call.service {
        Service::Ecs | Service::Ecr | Service::AutoScaling | Service::Logs => ("AccessDeniedException", 400),
        Service::Elb | Service::Sts => ("AccessDenied", 403),
        Service::Ec2 => ("UnauthorizedOperation", 403),
    };
    let action = format!("{}:{}", call.service.name(), call.operation);
    let words = format!(
        "User: arn:aws:iam::{}:user/simulator is not authorized to perform: {action} on resource: * because no \
         identity-based policy allows the {action} action",
        place.account
    );
    ApiError { status, ..ApiError::client(code, words) }
}
