//! Claims about the wire: every answer must parse, and every refusal must be the modelled error that it is on AWS.

mod bench;
mod faults;
mod places;
mod raw;
mod sdk;
mod sdk_ecs;
mod tcp;
