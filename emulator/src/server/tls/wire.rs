//! A connection, with TLS or without. The handshake happens on the first read, so that a client that is slow with it
//! holds up nobody else.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// One connection of the emulator's port.
pub(in crate::server) struct Wire<S>(State<S>);

enum State<S> {
    Plain(S),
    Shaking(Box<Accept<S>>),
    Tls(Box<TlsStream<S>>),
    /// The handshake failed; there is nothing to talk to.
    Broken,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(in crate::server) fn new(stream: S, tls: Option<&TlsAcceptor>) -> Self {
        Self(match tls {
            Some(acceptor) => State::Shaking(Box::new(acceptor.accept(stream))),
            None => State::Plain(stream),
        })
    }

    fn poll_shaken(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let State::Shaking(accept) = &mut self.0 else {
            return Poll::Ready(Ok(()));
        };
        match ready!(Pin::new(accept.as_mut()).poll(cx)) {
            Ok(stream) => {
                self.0 = State::Tls(Box::new(stream));
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                tracing::info!(%error, "a client broke the TLS handshake off; does it trust the emulator's CA, and does it speak https?");
                self.0 = State::Broken;
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_shaken(cx))?;
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            State::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
            State::Shaking(_) | State::Broken => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_shaken(cx))?;
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            State::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
            State::Shaking(_) | State::Broken => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_flush(cx),
            State::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            State::Shaking(_) | State::Broken => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            State::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            State::Shaking(_) | State::Broken => Poll::Ready(Ok(())),
        }
    }
}
