//! How long networks take on this machine: an inference of each size, and the copy of
//! weights before it. As many threads as `RAYON_NUM_THREADS` says, or all cores.

use std::time::{Duration, Instant};

use clockwork::{
    time::{MILLISECOND, Nanos},
    worker::exec::{Architecture, Image, Place, measure},
};

const BATCH_SIZES: [u32; 5] = [1, 2, 4, 8, 16];
const BUDGET: Duration = Duration::from_secs(2);

fn main() -> anyhow::Result<()> {
    for architecture in Architecture::ALL {
        let began = Instant::now();
        let image = Image::generate(architecture, 1);
        let generated_ms = began.elapsed().as_secs_f64() * 1e3;
        let variety = measure(&image, Place::Cpu, &BATCH_SIZES, BUDGET)?;
        let load_gb_s = image.bytes() as f64 / variety.load as f64;
        eprintln!(
            "{}: {} bytes of weights, generated in {generated_ms:.0} ms, loaded in {:.2} ms ({load_gb_s:.1} GB/s)",
            variety.name,
            image.bytes(),
            ms(variety.load),
        );
        for (batch_size, exec) in variety.exec {
            let each = ms(exec) / f64::from(batch_size);
            eprintln!("  batch of {batch_size}: {:.1} ms, {each:.1} ms an input", ms(exec));
        }
    }
    Ok(())
}

fn ms(time: Nanos) -> f64 {
    time as f64 / MILLISECOND as f64
}
