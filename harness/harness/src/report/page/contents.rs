//! What the page holds, from the result to the means of repeating it.

use super::{
    block::{Block, Picture, Span, plain},
    claims, hosts, next, precision, provenance, results, trials,
};
use crate::{
    claim::Tally,
    report::findings::{Findings, Substitute},
};

/// The whole page.
///
/// # Errors
/// If the profile or the environment cannot be written as TOML, or a bill holds
/// what is no number.
pub(crate) fn blocks(findings: &Findings, pictures: &[Picture]) -> anyhow::Result<Vec<Block>> {
    let mut blocks = opening(findings);
    blocks.extend(claims::verdicts(findings));
    blocks.extend(results::blocks(findings, pictures));
    blocks.extend(precision::blocks(&findings.analysis));
    blocks.extend(hosts::blocks(findings)?);
    blocks.extend(trials::blocks(findings));
    blocks.extend(next::blocks(findings));
    blocks.extend(provenance::blocks(findings)?);
    blocks.extend(claims::details(findings));
    Ok(blocks)
}

fn opening(findings: &Findings) -> Vec<Block> {
    let manifest = &findings.manifest;
    let mut summary = vec![
        Span::Plain("This run of ".into()),
        Span::Code(manifest.experiment.clone()),
        Span::Plain(format!(
            " began on {}, under profile ",
            manifest.started.strftime("%Y-%m-%d at %H:%M:%S UTC")
        )),
        Span::Code(manifest.profile.name.clone()),
        Span::Plain(" on target ".into()),
        Span::Code(manifest.environment.target.clone()),
        Span::Plain(format!(
            ": {} of {} planned trials have a result. Of the paper's claims, it finds ",
            findings.n_counted(),
            findings.n_planned
        )),
        Span::Strong(Tally::of(&findings.judged).to_string()),
        Span::Plain(".".into()),
    ];
    for Substitute { name, cannot_show } in &findings.substitutes {
        summary.extend([
            Span::Plain(" The data set ".into()),
            Span::Code(name.clone()),
            Span::Plain(format!(" was generated; it cannot show {cannot_show}.")),
        ]);
    }
    vec![
        Block::Heading(1, format!("{}: {}", manifest.system, manifest.experiment)),
        Block::Paragraph(summary),
        Block::Paragraph(plain(format!(
            "The paper: {}. It measured on: {}.",
            findings.paper_title.trim_end_matches('.'),
            findings.paper_testbed.trim_end_matches('.')
        ))),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::{html, markdown};
    use super::*;
    use crate::report::{figure, samples};

    fn page(findings: &Findings) -> Vec<Block> {
        let figure = &findings.analysis.figures[0];
        let picture = Picture {
            title: figure.title.clone(),
            svg: figure::svg(figure),
            svg_link: "figures/fig1a-time.svg".into(),
            pdf_link: "figures/fig1a-time.pdf".into(),
        };
        blocks(findings, &[picture]).unwrap()
    }

    #[test]
    fn the_markdown_page_tells_a_stranger_what_ran_and_how_to_repeat_it() {
        insta::assert_snapshot!(markdown(&page(&samples::findings())), @r#"
        # toys: toy

        This run of `toy` began on 2020-07-15 at 10:00:00 UTC, under profile `local` on target `local`: 3 of 4 planned trials have a result. Of the paper's claims, it finds **1 reproduced, 1 refuted, 1 inconclusive, 1 not exercised**. The data set `bricks` was generated; it cannot show how real bricks hold.

        The paper: Toys: Play at Scale (PLAY 2020). It measured on: 20 hosts, 1 Gbit/s.

        ## Claims

        | Claim | Figure | Paper | Ours | Evidence, data | Verdict |
        | --- | --- | --- | --- | --- | --- |
        | the red toy is more than 1.5 times as fast as the blue one at the largest size | Fig. 1a | 2x | 2.01 [1.84, 2.19] | measured, generated | **reproduced** |
        | the red toy needs less memory | Fig. 1b | less | 1.20 [1.12, 1.28] | measured, generated | **refuted**: known deviation: the red toy keeps its box |
        | scales to 20 hosts | Abstract | 20x | 2.01 [1.84, 2.19] | measured, generated | **not exercised**: needs 20 hosts (has 1), a 1 Gbit/s link between hosts, real data |
        | sends at most half the bytes | Fig. 1c | 50 % | 0.48 [0.43, 0.53] | measured, generated | **inconclusive**: about 32 trials would decide |

        ## Results

        | toy | size | time (s) | sent (MB) |
        | --- | --: | --: | --: |
        | blue | 1 | 4.02 [3.71, 4.36] | 12.5 |
        | blue | 2 | 2.11 [1.98, 2.25] | 25 |
        | red | 1 | 2.01 [1.93, 2.09] | 7.5 |
        | red | 2 | 1 | 15 |

        ![Time to play](<figures/fig1a-time.svg>)

        *Time to play* ([PDF](<figures/fig1a-time.pdf>))

        - the red toy is more than 1.5 times as fast as the blue one at the largest size: 2x in the paper, 2.01 [1.84, 2.19] here, **reproduced**

        ### Measures

        | Measure | Value | n | Rests on |
        | --- | --: | --: | --- |
        | `bytes-ratio` | 0.48 [0.43, 0.53] | 5 | counts |
        | `memory-ratio` | 1.20 [1.12, 1.28] | 5 | memory |
        | `speed-up` | 2.01 [1.84, 2.19] | 5 | time |

        ## How sure these numbers are

        Brackets and error bars are 95 % confidence intervals; in a figure, series that share a position stand side by side. A number rests on 1 to 5 samples. A claim is judged by the whole interval, never by the value alone. The intervals were made by:

        - Student's t, on the logarithmic scale for positive quantities; comparisons of two samples with degrees of freedom after Welch (12 numbers)
        - nothing to estimate: all samples are identical, as those of a count are (4 numbers)
        - no interval, because the trials are too few for an honest one (1 number)

        ## Trials

        4 trials were planned; 5 attempts at them came to an end, 2 undisturbed. A failed or invalid attempt enters no number; a degraded one does. 1 trial has no result: the numbers above rest on the others only.

        | Point | Trial | Seed | Began (UTC) | Took (s) | Validity |
        | --- | --: | --: | --- | --: | --- |
        | `size=1,toy=blue` | 1 | 11 | 10:00:00 | 1.2 | valid |
        | `size=2,toy=blue` | 1 | 11 | 10:00:00 | 1.2 | degraded (10 % of the processor time was stolen) |
        | `size=1,toy=red` | 1 | 11 | 10:00:00 | 1.2 | invalid (worker-0 died: signal 9) |
        | `size=1,toy=red` | 1 | 11 | 10:00:00 | 1.2 | valid |
        | `size=2,toy=red` | 1 | 11 | 10:00:00 | 1.2 | **failed**: the worker \| answered &lt;nothing> |

        ## What to type next

        - `cargo xtask exp toy --profile local --set 'sizes=[1, 2, 4]' --trials 32` would decide 1 claim, if the spread stays.
        - `cargo xtask data list` says where to get the real data, for 1 claim.
        - `cargo xtask report RUN` makes this page again from the records, with its directory as RUN.

        ## To run it again

        The checkout had uncommitted changes; `dirty.patch` beside this file holds them. Git did not know these files, and no patch holds them: `notes.txt`.

        ```
        git checkout c0ffee
        git apply RUN/dirty.patch   # RUN is the directory of this file
        cargo xtask exp toy --set 'sizes=[1, 2, 4]'
        ```

        ### Code and machine

        |  |  |
        | --- | --- |
        | Run | `0123456789ab` |
        | Git revision | `c0ffee`, with uncommitted changes |
        | Harness | 0.1.0 |
        | Compiler | rustc 1.95.0 |
        | Build | profile debug, optimisation level 3 |
        | Binary, SHA-256 | `ab12` |
        | Seed | 7 |
        | Machine | Abacus 3000, 2 processors, 8.0 GiB of memory |
        | Kernel | 6.1.0 |
        | Frequency governor | not visible |
        | Changed by --set | `sizes=[1, 2, 4]` |
        | Chosen by --points | nothing |

        ### Data

        | Data set | Kind | SHA-256 of names and contents | Directory |
        | --- | --- | --- | --- |
        | bricks | generated | `cd34` | `/data/bricks` |

        ### Profile, as resolved

        ```
        name = "local"
        env = "local"
        trials = 1
        retries = 1
        seed = 7

        [resources]

        [params]
        sizes = [1, 2, 4]
        ```

        ### Environment: local

        ```
        target = "local"

        [docker]

        [roles]
        ```

        ## Each claim in full

        ### Fig. 1a: the red toy is more than 1.5 times as fast as the blue one at the largest size

        |  |  |
        | --- | --- |
        | Id | `fast` |
        | Published | 2x (source: §5.1) |
        | Kind | shape: an order or a direction, which holds at every scale |
        | Agrees if | `speed-up` is at least 1.5, the whole interval of it |
        | Ours | 2.01 [1.84, 2.19] |
        | Needs | nothing in particular |
        | Evidence, data | measured, generated |
        | Verdict | reproduced |
        | Known deviation | none declared |

        ### Fig. 1b: the red toy needs less memory

        |  |  |
        | --- | --- |
        | Id | `small` |
        | Published | less (source: §5.2) |
        | Kind | shape: an order or a direction, which holds at every scale |
        | Agrees if | `memory-ratio` is at most 1, the whole interval of it |
        | Ours | 1.20 [1.12, 1.28] |
        | Needs | nothing in particular |
        | Evidence, data | measured, generated |
        | Verdict | refuted |
        | Known deviation | the red toy keeps its box |

        ### Abstract: scales to 20 hosts

        |  |  |
        | --- | --- |
        | Id | `scales` |
        | Published | 20x (source: abstract) |
        | Kind | magnitude: a number, which holds at the paper's scale |
        | Agrees if | `speed-up` is at least 16, the whole interval of it |
        | Ours | 2.01 [1.84, 2.19] |
        | Needs | 20 hosts, a link of 1 Gbit/s between hosts, real data |
        | Evidence, data | measured, generated |
        | Verdict | not exercised (needs 20 hosts (has 1), a 1 Gbit/s link between hosts, real data) |
        | Known deviation | none declared |

        ### Fig. 1c: sends at most half the bytes

        |  |  |
        | --- | --- |
        | Id | `sure` |
        | Published | 50 % (source: §5.3) |
        | Kind | magnitude: a number, which holds at the paper's scale |
        | Agrees if | `bytes-ratio` is at most 0.5, the whole interval of it |
        | Ours | 0.48 [0.43, 0.53] |
        | Needs | nothing in particular |
        | Evidence, data | measured, generated |
        | Verdict | inconclusive (about 32 trials would decide) |
        | Known deviation | none declared |
        "#);
    }

    #[test]
    fn the_html_page_is_well_formed_and_needs_nothing_else() {
        let text = html(&page(&samples::findings()));
        // Apart from these two, the page is XML too.
        let text = text.replace("<!doctype html>", "").replace("<meta charset=\"utf-8\">", "");
        let text = text.replace("initial-scale=1\">", "initial-scale=1\"/>");
        let page = roxmltree::Document::parse(&text).unwrap();
        let mut elements = page.descendants().filter(roxmltree::Node::is_element);
        assert!(
            elements
                .clone()
                .any(|element| element.has_tag_name(("http://www.w3.org/2000/svg", "svg")))
        );
        assert!(
            elements
                .all(|element| !element.has_attribute("src")
                    && element.tag_name().name() != "script")
        );
    }

    #[test]
    fn what_comes_from_files_cannot_become_markup() {
        let mut findings = samples::findings();
        findings.manifest.machine.cpu = "<script>alert(1)</script>".into();
        findings.judged[0].claim.says = "a \"<b>\" & '</td>".into();
        findings.analysis.figures[0].series[0].name = "<i>&".into();
        findings.analysis.figures[0].title = "</title><script>".into();
        let text = html(&page(&findings));
        for markup in ["<script", "<b>", "</td>\"", "<i>"] {
            assert!(!text.contains(markup), "{markup} in\n{text}");
        }
    }
}
