use chaperone_detections::RuleFile;

use super::events;
use crate::engine::Kind;

const RULE: &str = "title: t
id: 9c1f7d52-0b8e-4a56-9d3c-5e2a7b4f8c10
logsource:
  product: windows
detection:
  selection:
    Image|endswith: '\\tool.exe'
    CommandLine|contains|all:
      - ' -a '
      - 'b?c*d'
    Port:
      - 80
      - 443
    Deep.Name|startswith: 'x'
  condition: selection
";

#[test]
fn events_written_after_a_rule_are_held_by_it_in_every_engine() {
    let files = [RuleFile {
        path: "t.yml".to_owned(),
        text: RULE.to_owned(),
    }];
    let texts = events(&files, 40, 3);
    assert_eq!(texts.len(), 40);
    for kind in [Kind::Ours, Kind::Rsigma] {
        let mut engine = kind.load(&files);
        assert_eq!(engine.rules(), 1, "{}", kind.name());
        for text in &texts {
            assert_eq!(engine.count(text), 1, "{}: {text}", kind.name());
        }
    }
}
