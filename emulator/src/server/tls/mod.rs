//! TLS of the one port: a certificate authority made at the start, and a certificate for the addresses of loopback.
//!
//! The authority lives as long as the emulator; its certificate is written to a file, so that clients can be told to
//! trust it:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let emulator = openlines_emulator::Emulator::builder().tls().start().await?;
//! assert!(emulator.url().starts_with("https://127.0.0.1:"));
//! let ca = emulator.ca_path().map(std::fs::read_to_string).transpose()?.unwrap_or_default();
//! assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
//! # Ok(()) }
//! ```
//!
//! The trap: every start makes another authority, so a client that was told to trust the last one trusts nothing here.

mod wire;

use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::Arc;

use jiff::{ToSpan, Zoned};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

pub(super) use wire::Wire;

/// Days that a certificate is good for; some systems distrust longer ones.
const GOOD_FOR_DAYS: i64 = 397;

/// What a TLS port needs, and the file that makes clients trust it.
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    /// The authority's certificate; the file is removed with the emulator.
    pub(super) ca: NamedTempFile,
}

/// A fresh authority, and a certificate by it for `localhost`, the addresses of loopback and `listening`.
pub(super) fn prepare(listening: IpAddr) -> io::Result<Tls> {
    let wrong = io::Error::other::<rcgen::Error>;
    let mut root = CertificateParams::new(Vec::new()).map_err(wrong)?;
    dated(&mut root);
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    root.distinguished_name.push(DnType::CommonName, "openlines emulator CA");
    let root_key = KeyPair::generate().map_err(wrong)?;
    let root_certificate = root.self_signed(&root_key).map_err(wrong)?;

    // 127.0.0.2 is where a portal may move to.
    let mut names = ["localhost", "127.0.0.1", "127.0.0.2", "::1"].map(str::to_owned).to_vec();
    if !listening.is_loopback() && !listening.is_unspecified() {
        names.push(listening.to_string());
    }
    let mut leaf = CertificateParams::new(names).map_err(wrong)?;
    dated(&mut leaf);
    leaf.distinguished_name.push(DnType::CommonName, "openlines emulator");
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_key = KeyPair::generate().map_err(wrong)?;
    let issuer = Issuer::new(root, root_key);
    let certificate = leaf.signed_by(&leaf_key, &issuer).map_err(wrong)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];

    let mut ca = tempfile::Builder::new().prefix("openlines-emulator-ca-").suffix(".pem").tempfile()?;
    ca.write_all(root_certificate.pem().as_bytes())?;
    ca.flush()?;
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), ca })
}

/// From yesterday on, so that a clock that is a little off does no harm.
fn dated(params: &mut CertificateParams) {
    let now = Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    let from = now.saturating_sub(1.day()).date();
    let until = now.saturating_add(GOOD_FOR_DAYS.days()).date();
    let day = |date: jiff::civil::Date| {
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(from);
    params.not_after = day(until);
}
