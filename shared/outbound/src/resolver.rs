//! Names become addresses here, and only those that may be called leave: the connection is made to what was checked.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use crate::rules::Rules;

/// Whoever knows the addresses of names.
pub(crate) trait Lookup: Send + Sync {
    /// All addresses of `name`.
    fn addresses(&self, name: String) -> Answer;
}

/// The addresses to come.
pub(crate) type Answer = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The machine's own resolver.
pub(crate) struct SystemLookup;

/// Passes on the addresses that may be called.
pub(crate) struct Guard {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) rules: Rules,
    /// Whether the connections will have TLS.
    pub(crate) tls: bool,
}

/// A name has addresses, and none of them may be called.
#[derive(Debug, Error)]
#[error("no address of the name may be called")]
pub(crate) struct NoneAllowed;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> Answer {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, rules, tls) =
            (self.lookup.addresses(name.as_str().to_owned()), self.rules.clone(), self.tls);
        Box::pin(async move {
            let found = found.await?;
            let any = !found.is_empty();
            let allowed = found.into_iter().filter(|address| rules.allow(*address, tls));
            // Port 0 stands for the URL's.
            let allowed: Vec<_> = allowed.map(|address| SocketAddr::new(address, 0)).collect();
            if any && allowed.is_empty() {
                return Err(Box::new(NoneAllowed) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
