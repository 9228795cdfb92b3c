//! As much of HTTP/1.1 as two programs on one machine need: keep-alive, `Content-Length`.

use std::io::{Error, ErrorKind};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection, read message by message.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Length of the message at the front of the buffer.
    front: usize,
}

/// A request or a response.
pub(crate) struct Message<'a> {
    /// First line and headers.
    pub(crate) head: &'a str,
    /// What follows them.
    pub(crate) body: &'a [u8],
}

impl Message<'_> {
    /// The first line of the head.
    pub(crate) fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
}

impl Connection {
    /// On an open stream.
    pub(crate) fn new(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024), front: 0 })
    }

    /// The next message; `None` when the other side has closed.
    pub(crate) async fn read(&mut self) -> std::io::Result<Option<Message<'_>>> {
        self.buffer.drain(..self.front);
        self.front = 0;
        let mut searched = 0;
        let head = loop {
            let from = searched.max(3) - 3;
            if let Some(at) = self.buffer[from..].windows(4).position(|four| four == b"\r\n\r\n") {
                break from + at + 4;
            }
            searched = self.buffer.len();
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        };
        let length = length(&self.buffer[..head])?;
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        self.front = head + length;
        let text = std::str::from_utf8(&self.buffer[..head]);
        let text = text.map_err(|_| Error::new(ErrorKind::InvalidData, "a head that is no text"))?;
        Ok(Some(Message { head: text, body: &self.buffer[head..self.front] }))
    }

    /// Sends these bytes.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }
}

fn length(head: &[u8]) -> std::io::Result<usize> {
    const NAME: &[u8] = b"content-length:";
    for line in head.split(|byte| *byte == b'\n') {
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            let value =
                std::str::from_utf8(&line[NAME.len()..]).ok().and_then(|text| text.trim().parse().ok());
            return value.ok_or_else(|| Error::new(ErrorKind::InvalidData, "a length that is no number"));
        }
    }
    Ok(0)
}
