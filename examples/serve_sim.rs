use evenkeel::simulator::{
    time::Time,
    wire::{SpeedClock, serve},
    world::{Config, Simulator},
};
use std::sync::{Arc, Mutex};
#[tokio::main]
async fn main() {
    let start = Time(1_795_379_700_250);
    let sim = Simulator::new(Config {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        seed: 1,
        start,
    });
    let l = tokio::net::TcpListener::bind("127.0.0.1:45661")
        .await
        .unwrap();
    serve(
        l,
        Arc::new(Mutex::new(sim)),
        Arc::new(SpeedClock::new(start, 60.0)),
    )
    .await
    .unwrap();
}
