//! Real programs that send: Python's smtplib, swaks, msmtp.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

/// Runs a Python script; its standard output and whether it succeeded.
pub fn python(script: &str) -> (bool, String) {
    let mut child = Command::new("python3")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    told(child.wait_with_output().unwrap())
}

/// Runs a program to its end; what it said on both outputs, and whether it succeeded.
pub fn run(command: &mut Command) -> (bool, String) {
    told(command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}")))
}

fn told(output: Output) -> (bool, String) {
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// A raw SMTP dialogue: sends each line once a whole reply has come, and returns the replies (one string each).
pub fn dialogue(port: u16, lines: &[&str]) -> Vec<String> {
    use std::{
        io::{BufRead, BufReader},
        net::TcpStream,
    };
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut reply = || {
        let mut whole = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return whole;
            }
            whole.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return whole;
            }
        }
    };
    let mut replies = vec![reply()];
    for line in lines {
        if stream.write_all(format!("{line}\r\n").as_bytes()).is_err() {
            break;
        }
        replies.push(reply());
    }
    replies
}
