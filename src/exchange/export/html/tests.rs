use super::*;
use crate::recording::Reader;
#[test]
fn draft() {
    let from = std::env::var("FROM").unwrap();
    let mut reader = Reader::open(std::path::Path::new(&from)).unwrap();
    let mut out = std::io::BufWriter::new(std::fs::File::create(std::env::var("TO").unwrap()).unwrap());
    let now = std::time::Instant::now();
    write(&mut reader, &from, &mut out).unwrap();
    eprintln!("{:?}", now.elapsed());
}
