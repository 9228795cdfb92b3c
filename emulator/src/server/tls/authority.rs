//! A certificate authority that can be written down.

use std::io;

use jiff::{Timestamp, ToSpan, Zoned};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde::{Deserialize, Serialize};

/// Days that a certificate is good for; some systems distrust longer ones.
const GOOD_FOR_DAYS: i64 = 397;
/// An authority that ends sooner is not used for another start.
const ENDS_SOON: i64 = 30 * 86_400;

/// An authority: its key, and the certificate that clients trust.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::server) struct Authority {
    key: String,
    certificate: String,
    /// Unix seconds.
    until: i64,
}

impl Authority {
    pub(in crate::server) fn new() -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = root()?.self_signed(&key).map_err(io::Error::other)?;
        let until = Timestamp::now().as_second() + GOOD_FOR_DAYS * 86_400;
        Ok(Self { key: key.serialize_pem(), certificate: certificate.pem(), until })
    }

    /// PEM.
    pub(in crate::server) fn certificate(&self) -> &str {
        &self.certificate
    }

    pub(in crate::server) fn ends_soon(&self) -> bool {
        self.until - Timestamp::now().as_second() < ENDS_SOON
    }

    /// Signs by the key, in the name that its certificate has.
    pub(super) fn issuer(&self) -> io::Result<Issuer<'static, KeyPair>> {
        let wrong = |_| io::Error::new(io::ErrorKind::InvalidData, "the key of the kept authority is none");
        let key = KeyPair::from_pem(&self.key).map_err(wrong)?;
        Ok(Issuer::new(root()?, key))
    }
}

fn root() -> io::Result<CertificateParams> {
    let mut root = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
    dated(&mut root);
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    root.distinguished_name.push(DnType::CommonName, "openlines emulator CA");
    Ok(root)
}

/// From yesterday on, so that a clock that is a little off does no harm.
pub(super) fn dated(params: &mut CertificateParams) {
    let now = Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    let from = now.saturating_sub(1.day()).date();
    let until = now.saturating_add(GOOD_FOR_DAYS.days()).date();
    let day = |date: jiff::civil::Date| {
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(from);
    params.not_after = day(until);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_used_until_its_last_month() {
        let mut authority = Authority::new().expect("a fresh authority");
        assert!(!authority.ends_soon());
        authority.until -= (GOOD_FOR_DAYS - 29) * 86_400;
        assert!(authority.ends_soon());
    }
}
