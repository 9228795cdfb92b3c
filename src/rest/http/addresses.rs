//! Addresses of methods, read once and not for each call.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use secrecy::{ExposeSecret, SecretString};

use super::Address;
use crate::wire::PortalKey;

/// More portals, or more methods of one, and all are read anew.
const MANY: usize = 1024;

/// The addresses of the methods that were called of late.
#[derive(Default)]
pub(super) struct Addresses(Mutex<HashMap<PortalKey, OfPortal>>);

struct OfPortal {
    endpoint: SecretString,
    methods: HashMap<String, Address>,
}

impl Addresses {
    /// The address of `method` below `endpoint`, the REST root of `portal` now.
    pub(super) fn of(
        &self,
        portal: &PortalKey,
        endpoint: &SecretString,
        method: &str,
    ) -> Result<Address, String> {
        let mut portals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = portals.get_mut(portal)
            && known.endpoint.expose_secret() == endpoint.expose_secret()
        {
            if let Some(address) = known.methods.get(method) {
                return Ok(address.clone());
            }
            let address = Address::parse(endpoint.expose_secret())?.method(method)?;
            if known.methods.len() >= MANY {
                known.methods.clear();
            }
            known.methods.insert(method.to_owned(), address.clone());
            return Ok(address);
        }
        let address = Address::parse(endpoint.expose_secret())?.method(method)?;
        if portals.len() >= MANY {
            portals.clear();
        }
        let methods = HashMap::from([(method.to_owned(), address.clone())]);
        portals.insert(portal.clone(), OfPortal { endpoint: endpoint.clone(), methods });
        Ok(address)
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Addresses(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_that_has_moved_is_called_at_its_new_address() {
        let addresses = Addresses::default();
        let portal = PortalKey::new("app", "7c1f");
        let url = |root: &str, method: &str| {
            addresses.of(&portal, &root.into(), method).map(|address| address.url().to_string())
        };
        for root in ["https://old.example/rest/", "https://new.example/rest/", "https://old.example/rest/"] {
            for method in ["profile", "batch", "profile"] {
                assert_eq!(url(root, method), Ok(format!("{root}{method}")));
            }
        }
        assert!(url("http://p.example/rest/", "profile").is_err());
    }
}
