//! Connections that can be cut from inside a request, and that close when the emulator stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::tls::Wire;

/// Serves the first listener, and every other that a renaming brings, until the task is aborted.
pub(super) async fn serve_all(
    mut listeners: mpsc::UnboundedReceiver<TcpListener>,
    tls: Option<TlsAcceptor>,
    router: Router,
    stopped: watch::Receiver<bool>,
    generation: Generation,
) {
    // Dropped with this task, and its tasks with it.
    let mut serving = JoinSet::new();
    let mut number = 0;
    while let Some(listener) = listeners.recv().await {
        let listener = Cutting {
            listener,
            tls: tls.clone(),
            number,
            stopped: stopped.clone(),
            generation: generation.clone(),
        };
        serving.spawn(serve(listener, router.clone()));
        number += 1;
    }
}

/// The connections that are open now; a restart of the portal closes them.
#[derive(Clone, Debug)]
pub(crate) struct Generation {
    ends: Arc<Mutex<watch::Sender<()>>>,
}

impl Default for Generation {
    fn default() -> Self {
        Self { ends: Arc::new(Mutex::new(watch::channel(()).0)) }
    }
}

impl Generation {
    fn subscribe(&self) -> watch::Receiver<()> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).subscribe()
    }

    /// Ends every connection that is open, and returns when each has seen it.
    pub(crate) async fn end(&self) {
        let fresh = watch::channel(()).0;
        let old = std::mem::replace(&mut *self.ends.lock().unwrap_or_else(PoisonError::into_inner), fresh);
        let _ = old.send(());
        old.closed().await;
    }
}

async fn serve(listener: Cutting, router: Router) {
    let service = router.into_make_service_with_connect_info::<Line>();
    if let Err(error) = axum::serve(listener, service).await {
        tracing::error!(%error, "the emulator stopped serving");
    }
}

/// What a request knows of its connection.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) peer: SocketAddr,
    /// Which listener took it: 0 for the first, one more with each renaming.
    pub(super) listener: u64,
    cut: Arc<AtomicBool>,
}

impl Line {
    /// Nothing is written any more: the client sees the connection close without an answer.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Cutting>> for Line {
    fn connect_info(stream: IncomingStream<'_, Cutting>) -> Self {
        let io = stream.io();
        Self { peer: *stream.remote_addr(), listener: io.listener, cut: Arc::clone(&io.cut) }
    }
}

pub(super) struct Cutting {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    number: u64,
    stopped: watch::Receiver<bool>,
    generation: Generation,
}

impl Listener for Cutting {
    type Io = Door;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        let _ = stream.set_nodelay(true);
        let mut stopped = self.stopped.clone();
        let mut generation = self.generation.subscribe();
        let stop = Box::pin(async move {
            // An error means that the emulator is gone, which is the same.
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => {}
                _ = generation.changed() => {}
            }
        });
        let cut = Arc::default();
        let stream = CuttableStream { stream, cut: Arc::clone(&cut), stop };
        (Door { wire: Wire::new(stream, self.tls.as_ref()), listener: self.number, cut }, peer)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection as the server sees it: below TLS, if there is any, it can be cut.
pub(super) struct Door {
    wire: Wire<CuttableStream>,
    listener: u64,
    cut: Arc<AtomicBool>,
}

impl AsyncRead for Door {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(cx, buf)
    }
}

impl AsyncWrite for Door {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

struct CuttableStream {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
    stop: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
}

impl CuttableStream {
    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_cut() || self.stop.as_mut().poll(cx).is_ready() {
            self.cut.store(true, Ordering::SeqCst);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
