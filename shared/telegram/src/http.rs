//! The one way HTTP clients are made, so that all speak TLS through the same library.

use std::time::Duration;

/// How long an idle connection is used again. A function is frozen between two invocations, and what is on its way then
/// drops connections without its knowing.
const IDLE: Duration = Duration::from_secs(10);

/// A client that follows no redirect: whoever is asked answers, or nobody does.
pub fn client_builder() -> reqwest::ClientBuilder {
    // Fails when it was installed before, which is as good.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).pool_idle_timeout(IDLE)
}
