//! A resolver between us and the servers that remembers names as long as a test wants it to.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// The type PTR, as it stands in a question.
const PTR: [u8; 2] = [0, 12];

/// Passes questions on: for PTR records to one server, all others to another.
pub struct Forgetful {
    pub address: SocketAddr,
    /// Answers by question, none while it remembers nothing.
    kept: Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>,
}

impl Forgetful {
    /// Ends with the test's process.
    pub fn start(names: SocketAddr, others: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let kept: Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>> = Arc::default();
        let memory = kept.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let asked = &buffer[..length];
                let (id, question) = (&asked[..2], question(asked));
                let remembered = memory.lock().unwrap().get(&question).cloned();
                let server = if question[question.len() - 4..][..2] == PTR { names } else { others };
                let Some(mut answer) = remembered.or_else(|| pass_on(asked, server)) else { continue };
                answer[..2].copy_from_slice(id);
                if server == names {
                    memory.lock().unwrap().insert(question, answer.clone());
                }
                let _ = socket.send_to(&answer, from);
            }
        });
        Self { address, kept }
    }

    /// As when the lives of all it has are over.
    pub fn forget(&self) {
        self.kept.lock().unwrap().clear();
    }
}

/// The one question of a message, with type and class (RFC 1035 §4.1.2).
fn question(message: &[u8]) -> Vec<u8> {
    let mut end = 12;
    while message[end] != 0 {
        end += usize::from(message[end]) + 1;
    }
    message[12..end + 5].to_vec()
}

fn pass_on(asked: &[u8], server: SocketAddr) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    socket.send_to(asked, server).ok()?;
    let mut buffer = [0; 4096];
    let (length, _) = socket.recv_from(&mut buffer).ok()?;
    Some(buffer[..length].to_vec())
}
