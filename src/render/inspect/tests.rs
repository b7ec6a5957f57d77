//! Whole frames as they are shown.

use std::time::Duration;

use super::*;
use crate::event::Kind;
use crate::event::samples::{close_frame, compressed, fragments, received, violation};
use crate::event::{Direction, Message};
use crate::protocol::{Header, Opcode, Rule};

fn shown(event: &FrameEvent, violations: &[&Violation], fragments: &[&FrameEvent]) -> String {
    let mut out = String::new();
    let subject = Subject { event, time: Duration::from_millis(2104), violations, fragments };
    inspect(&subject, &Options::default(), &mut out);
    out
}

#[test]
fn a_fragment_is_shown_with_its_message() {
    let parts = fragments(4, &["{\"a\":", "1}"]);
    assert_eq!(
        shown(&parts[1], &[], &parts.iter().collect::<Vec<_>>()),
        "\
▼ frame 5  received at 2.104 s  continuation  4 B on the wire
header  80 02
  0  80                       1... ....  FIN          1  last of its message
                              .0.. ....  RSV1         0
                              ..0. ....  RSV2         0
                              ...0 ....  RSV3         0
                              .... 0000  opcode       0  continuation
  1  02                       0... ....  MASK         0  not masked
                              .000 0010  length       2
payload  2 B
  00000000  31 7d                                             |1}|
fragments  2
  #4.1    frame 4     text    FIN=0  5 B
  #4.2    frame 5     cont    FIN=1  2 B  (this one)
message  text, 7 B, 2 frames
  {
    \"a\": 1
  }
"
    );
}

#[test]
fn a_broken_frame_is_shown_with_the_rule() {
    let mut odd = received(3, Opcode::TEXT, b"hello");
    odd.frame.header = Header {
        mask: Some([1, 2, 3, 4]),
        form: LengthForm::Bits64,
        length: 10,
        rsv: 6,
        fin: false,
        ..odd.frame.header
    };
    odd.message = None;
    let Kind::Violation { violation, .. } = violation(3, Rule::ReservedBits, "RSV 6", b"\x61\xff\x00", 0) else {
        unreachable!("the sample is a violation")
    };
    assert_eq!(
        shown(&odd, &[&violation], &[]),
        "\
▼ frame 3  received at 2.104 s  text  19 B on the wire
header  61 ff 00 00 00 00 00 00 00 0a 01 02 03 04
  0  61                       0... ....  FIN          0  more frames follow
                              .1.. ....  RSV1         1  compressed, if agreed
                              ..1. ....  RSV2         1
                              ...0 ....  RSV3         0
                              .... 0001  opcode       1  text
  1  ff                       1... ....  MASK         1  masked
                              .111 1111  length       127  64 further bits follow
  2  00 00 00 00 00 00 00 0a             ext. length  10  7 bits would do
  10 01 02 03 04                         masking key
payload  5 of 10 B, its mask taken off
  00000000  68 65 6c 6c 6f                                    |hello|
violation  reserved bits without an extension: RSV 6 (RFC 6455 5.2)
  [61] ff 00  at byte 0
"
    );
}

#[test]
fn compression_and_close_are_explained() {
    let inflated = shown(&compressed(1, b"\xaa\x05", "aaaa\n"), &[], &[]);
    assert!(inflated.ends_with("message  text, 5 B, inflated from 2 B\n  aaaa\\n\n"), "{inflated}");
    let bye = shown(&close_frame(1, Direction::Received, 4001, b"bye\x07"), &[], &[]);
    assert!(bye.ends_with("close  4001 application\n  bye\\x07\n"), "{bye}");
    let mut binary = received(1, Opcode::BINARY, b"ab");
    binary.message = binary.message.map(|message| Message { frames: 1, ..message });
    assert_eq!(shown(&binary, &[], &[]).matches("61 62").count(), 1);
}
