//! The one way HTTP clients are made, so that all speak TLS through the same library.

/// A client that follows no redirect: whoever is asked answers, or nobody does.
pub fn client_builder() -> reqwest::ClientBuilder {
    // Fails when it was installed before, which is as good.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none())
}
