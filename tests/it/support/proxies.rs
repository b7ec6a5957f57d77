//! Small proxies and servers for tests. They serve one connection each, in a thread, and know nothing of the tool.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

/// A server for one connection: its address, and what `serve` returns.
pub(crate) fn serve_once<R: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> R + Send + 'static,
) -> (SocketAddr, JoinHandle<R>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, std::thread::spawn(move || serve(listener.accept().unwrap().0)))
}

/// Sends back what it gets, until the end.
pub(crate) fn echo(mut stream: TcpStream) {
    let mut reader = stream.try_clone().unwrap();
    let _ = io::copy(&mut reader, &mut stream);
}

/// Says `answer` once a request's head is there, and gives the request back.
pub(crate) fn answer(mut stream: TcpStream, answer: &[u8]) -> String {
    let request = read_head(&mut stream);
    stream.write_all(answer).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    // Read to the end, so that closing sends no reset.
    let _ = io::copy(&mut stream, &mut io::sink());
    request
}

/// An HTTP proxy that takes `CONNECT` to any address; gives the request back when the tunnel ends.
pub(crate) fn http_proxy(mut stream: TcpStream) -> String {
    let request = read_head(&mut stream);
    let target = request.split(' ').nth(1).unwrap().to_owned();
    let peer = TcpStream::connect(target).unwrap();
    stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").unwrap();
    tunnel(stream, peer);
    request
}

/// A SOCKS5 proxy. It wants `login` if there is one, and connects to `peer` whatever is asked for; gives the request
/// (RFC 1928 section 4) back when the tunnel ends.
pub(crate) fn socks_proxy(mut stream: TcpStream, login: Option<(&str, &str)>, peer: SocketAddr) -> Vec<u8> {
    let [5, count] = take(&mut stream) else { panic!("not SOCKS5") };
    let mut methods = vec![0; count.into()];
    stream.read_exact(&mut methods).unwrap();
    let Some((user, password)) = login else {
        assert!(methods.contains(&0));
        stream.write_all(&[5, 0]).unwrap();
        return socks_request(stream, peer);
    };
    if !methods.contains(&2) {
        stream.write_all(&[5, 0xff]).unwrap();
        return Vec::new();
    }
    stream.write_all(&[5, 2]).unwrap();
    let [1] = take(&mut stream) else { panic!("not RFC 1929") };
    let right = counted(&mut stream) == user.as_bytes() && counted(&mut stream) == password.as_bytes();
    stream.write_all(&[1, u8::from(!right)]).unwrap();
    if right { socks_request(stream, peer) } else { Vec::new() }
}

fn socks_request(mut stream: TcpStream, peer: SocketAddr) -> Vec<u8> {
    let head: [u8; 4] = take(&mut stream);
    let mut request = head.to_vec();
    match head[3] {
        1 => request.extend(take::<4>(&mut stream)),
        4 => request.extend(take::<16>(&mut stream)),
        _ => {
            let name = counted(&mut stream);
            request.push(name.len() as u8);
            request.extend(name);
        }
    }
    request.extend(take::<2>(&mut stream));
    stream.write_all(&[5, 0, 0, 3, 4, b'b', b'n', b'd', b'.', 0, 0]).unwrap();
    tunnel(stream, TcpStream::connect(peer).unwrap());
    request
}

/// Copies both ways until both ends are done.
fn tunnel(client: TcpStream, peer: TcpStream) {
    let (mut from, mut to) = (client.try_clone().unwrap(), peer.try_clone().unwrap());
    let up = std::thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (peer, client);
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    up.join().unwrap();
}

/// To the blank line.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(take::<1>(stream));
    }
    String::from_utf8(head).unwrap()
}

fn take<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn counted(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; take::<1>(stream)[0].into()];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}
