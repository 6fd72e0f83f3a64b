//! A cable between a node and its database, which a test can cut: TCP is passed on, or nothing is and nobody is told.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

#[derive(Default)]
struct State {
    cut: bool,
    /// Ends of connections, to be closed when the cable is mended.
    ends: Vec<TcpStream>,
}

/// The cable; it is there until the test process ends.
#[derive(Clone)]
pub struct Cable {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Cable {
    /// To this port of 127.0.0.1.
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let cable = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let passing = cable.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let both = [near.try_clone().unwrap(), far.try_clone().unwrap()];
                passing.state.lock().unwrap().ends.extend(both);
                passing.pass(near.try_clone().unwrap(), far.try_clone().unwrap());
                passing.pass(far, near);
            }
        });
        cable
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let cable = self.clone();
        thread::spawn(move || {
            let mut octets = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut octets) {
                // What was on its way when the cable was cut is lost with its connection.
                while cable.state.lock().unwrap().cut {
                    thread::park_timeout(Duration::from_millis(50));
                }
                if to.write_all(&octets[..count]).is_err() {
                    break;
                }
            }
            if !cable.state.lock().unwrap().cut {
                let _ = to.shutdown(Shutdown::Both);
            }
        });
    }

    /// From now on nothing passes; connections stay open on both ends.
    pub fn cut(&self) {
        self.state.lock().unwrap().cut = true;
    }

    /// New connections pass; those that were cut end.
    pub fn mend(&self) {
        let mut state = self.state.lock().unwrap();
        for end in state.ends.drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
        state.cut = false;
    }
}
