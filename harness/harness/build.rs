//! Hands the build's optimisation level to the manifest: a timing of an
//! unoptimised build must not be taken for a measurement.

fn main() {
    for (variable, source) in
        [("REPRISE_OPT_LEVEL", "OPT_LEVEL"), ("REPRISE_BUILD_PROFILE", "PROFILE")]
    {
        let value = std::env::var(source).unwrap_or_else(|_| String::from("unknown"));
        println!("cargo::rustc-env={variable}={value}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
