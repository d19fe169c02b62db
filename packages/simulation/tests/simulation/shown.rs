//! Tables and plots.

use caplet_simulation::{Chart, PlotError, Random, Series, Table, market, svg};

#[test]
fn tables_align_their_columns() {
    let mut table = Table::new("Title", &["", "long heading"]);
    table.row(["a", "1"]);
    table.row(["longer"]);
    assert_eq!(
        table.to_string(),
        "Title\n          long heading\n  a                  1\n  longer              \n"
    );
}

#[test]
fn plots_are_whole_svg_files_that_name_every_line() {
    let outcome = market::simulate(1).unwrap();
    let text = outcome.svg().unwrap();
    assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
    for chart in &outcome.charts {
        assert!(text.contains(&chart.title), "{}", chart.title);
        for series in &chart.series {
            assert!(text.contains(&series.name));
        }
    }
    assert!(text.matches("<polyline").count() >= 12);
}

#[test]
fn a_chart_without_points_says_so_and_a_flat_one_is_drawn() {
    let chart = |points| Chart {
        title: "T".into(),
        x: "x".into(),
        y: "y".into(),
        series: vec![Series { name: "n".into(), points }],
    };
    assert!(matches!(svg(&[chart(vec![])]), Err(PlotError::Empty(title)) if title == "T"));
    assert!(svg(&[chart(vec![(1.0, 0.0), (1.0, 0.0)])]).is_ok());
}

#[test]
fn random_numbers_stay_within_and_shuffling_loses_nothing() {
    let mut random = Random::new(4);
    assert!((0..1_000).all(|_| (3..=9).contains(&random.within(3, 9))));
    assert_eq!(random.within(5, 4), 5);
    let mut list: Vec<u32> = (0..50).collect();
    random.shuffle(&mut list);
    assert_ne!(list, (0..50).collect::<Vec<_>>());
    list.sort_unstable();
    assert_eq!(list, (0..50).collect::<Vec<_>>());
}
