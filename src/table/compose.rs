//! Text to tree: YAML's events put together, with limits that no honest table comes near.
//!
//! The parser's events are used, and no deserializer, because a message needs to know what a deserializer hides:
//! where each value starts and ends, whether it stood in quotes, and both places of a field that is stated twice.
//! A document built to blow up is refused before it is expanded: nesting is limited in the parser, and an alias is
//! paid for with the values and the text that it stands for.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput};

use super::node::{Field, Fields, Node, Tree};
use super::problem::Finding;
use super::source::{self, Lines};
use super::syntax;

/// A row has about 25 values, so this is a table of two thousand rows.
const MOST_VALUES: usize = 50_000;
/// All of the text of a file, and as much again through aliases.
const MOST_TEXT: usize = 2 * source::MOST_BYTES;
/// A table is seven levels deep.
const MOST_LEVELS: usize = 64;

/// The documents of a text that hold anything, and what could not be read.
pub(super) struct Composed {
    /// The documents, without the empty ones.
    pub(super) documents: Vec<Node>,
    /// What could not be read; the rest of the documents is right all the same.
    pub(super) findings: Vec<Finding>,
}

/// The documents of a text.
///
/// # Errors
/// Not YAML, or larger than the limits: then nothing else can be said about the text.
pub(super) fn compose(text: &str) -> Result<Composed, Finding> {
    let mut options = Options::default();
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = MOST_LEVELS;
    options.block_nesting_limit = MOST_LEVELS;
    options.set_emit_comments(false);
    let events = Parser::new_from_str_with_options(text, options);
    let (anchors, size, findings) = (BTreeMap::new(), Size::default(), Vec::new());
    let mut composer = Composer { text, lines: Lines::of(text), events, anchors, size, findings };
    let mut documents = Vec::new();
    while let Some((event, span)) = composer.next()? {
        if is_content(&event) {
            let document = composer.node(event, &span)?;
            if !matches!(document.tree, Tree::Empty) {
                documents.push(document);
            }
        }
    }
    Ok(Composed { documents, findings: composer.findings })
}

struct Composer<'text> {
    text: &'text str,
    lines: Lines,
    events: Parser<'text, StrInput<'text>>,
    /// The value behind each anchor, and what it is made of.
    anchors: BTreeMap<usize, (Node, Size)>,
    size: Size,
    findings: Vec<Finding>,
}

/// How much there is of a tree.
#[derive(Clone, Copy, Default)]
struct Size {
    values: usize,
    text: usize,
}

impl<'text> Composer<'text> {
    fn next(&mut self) -> Result<Option<(Event<'text>, Span)>, Finding> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok(next)) => Ok(Some(next)),
            Some(Err(error)) => Err(syntax::finding(self.text, &error)),
        }
    }

    /// The next event that is a part of the tree.
    fn part(&mut self) -> Result<(Event<'text>, Span), Finding> {
        while let Some((event, span)) = self.next()? {
            if is_content(&event) || matches!(event, Event::SequenceEnd | Event::MappingEnd) {
                return Ok((event, span));
            }
        }
        let end = self.text.len();
        Err(Finding::new(end..end, "", "the text ends too early").hint("close what is open"))
    }

    /// The value that starts with this event. Recursion ends at `MOST_LEVELS`, which the parser keeps.
    fn node(&mut self, event: Event<'text>, span: &Span) -> Result<Node, Finding> {
        let before = self.size;
        let place = self.place(span);
        let text = if let Event::Scalar(text, ..) = &event { text.len() } else { 0 };
        self.pay(Size { values: 1, text }, &place)?;
        let (tree, anchor, tag) = match event {
            Event::Scalar(text, ScalarStyle::Plain, anchor, tag) => (Tree::plain(&text), anchor, tag),
            Event::Scalar(text, _, anchor, tag) => (Tree::Text { text: text.into_owned(), quoted: true }, anchor, tag),
            Event::SequenceStart(_, anchor, tag) => (self.list()?, anchor, tag),
            Event::MappingStart(_, anchor, tag) => (self.fields()?, anchor, tag),
            Event::Alias(anchor) => return self.alias(anchor, place),
            Event::UnresolvedAlias(name) => return Ok(self.no_alias(&name, place)),
            _ => (Tree::Reported, 0, None),
        };
        let place = shown(&tree, place);
        let tree = if tag.is_some() { self.tagged(span, &place) } else { tree };
        let node = Node { span: place, tree };
        if anchor > 0 {
            let Size { values, text } = self.size;
            let size = Size { values: values - before.values, text: text - before.text };
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Tree, Finding> {
        let mut list = Vec::new();
        loop {
            match self.part()? {
                (Event::SequenceEnd, _) => return Ok(Tree::List(list)),
                (event, span) => list.push(self.node(event, &span)?),
            }
        }
    }

    fn fields(&mut self) -> Result<Tree, Finding> {
        let mut fields = Fields::default();
        let mut seen = BTreeMap::new();
        loop {
            let (event, span) = self.part()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Tree::Fields(fields));
            }
            let name = self.name(&event);
            let key = self.node(event, &span)?;
            let (event, span) = self.part()?;
            let value = self.node(event, &span)?;
            match name {
                Some(name) => {
                    let first = seen.entry(name.clone()).or_insert(key.span.start);
                    let again = (*first != key.span.start).then_some(*first);
                    self.field(&mut fields, again, Field { name, name_span: key.span, value });
                }
                None => {
                    fields.partial = true;
                    if !matches!(key.tree, Tree::Reported) {
                        let finding = Finding::new(key.span, "", "a field's name must be a text");
                        self.findings.push(finding.hint("write `name: value`"));
                    }
                }
            }
        }
    }

    fn name(&self, event: &Event<'text>) -> Option<String> {
        match event {
            Event::Scalar(text, ..) => Some(text.to_string()),
            _ => None,
        }
    }

    /// Adds a field, unless one of its name stands at `again` already.
    fn field(&mut self, fields: &mut Fields, again: Option<usize>, field: Field) {
        let Field { name, name_span, .. } = &field;
        if name == "<<" {
            fields.partial = true;
            let finding = Finding::new(name_span.clone(), "", "merge keys are not a part of YAML 1.2");
            self.findings.push(finding.hint("write the fields out, or use an alias for a whole value"));
        } else if let Some(first) = again {
            let line = self.lines.line(first);
            let finding = Finding::new(name_span.clone(), "", format!("field `{name}` is stated twice"));
            self.findings.push(finding.hint(format!("it is stated on line {line} already; keep one of the two")));
        } else {
            fields.list.push(field);
        }
    }

    /// What an alias stands for, at the alias's own place.
    fn alias(&mut self, anchor: usize, place: Range<usize>) -> Result<Node, Finding> {
        let Some(size) = self.anchors.get(&anchor).map(|(_, size)| *size) else {
            let finding = Finding::new(place.clone(), "", "an alias stands inside of what it stands for");
            self.findings.push(finding.hint("write the value out"));
            return Ok(Node { span: place, tree: Tree::Reported });
        };
        // Paid for before it is copied.
        self.pay(size, &place)?;
        let tree = self.anchors.get(&anchor).map_or(Tree::Reported, |(node, _)| node.tree.clone());
        Ok(Node { span: place, tree })
    }

    fn no_alias(&mut self, name: &str, place: Range<usize>) -> Node {
        let finding = Finding::new(place.clone(), "", format!("`*{name}` is an alias that nothing defines"));
        self.findings.push(finding.hint(format!("a text that starts with * stands in quotes: \"*{name}\"")));
        Node { span: place, tree: Tree::Reported }
    }

    fn tagged(&mut self, span: &Span, place: &Range<usize>) -> Tree {
        let tag = span.tag_span().and_then(|tag| tag.byte_range()).unwrap_or_else(|| place.clone());
        let text = self.text.get(tag.clone()).unwrap_or("!").to_owned();
        let finding = Finding::new(tag, "", format!("`{text}` is a YAML tag, and a table has none"));
        self.findings.push(finding.hint("remove it; a text that starts with ! stands in quotes"));
        Tree::Reported
    }

    fn pay(&mut self, size: Size, place: &Range<usize>) -> Result<(), Finding> {
        let Size { values, text } = size;
        self.size = Size { values: self.size.values + values, text: self.size.text + text };
        let problem = if self.size.values > MOST_VALUES {
            format!("the table grows beyond {MOST_VALUES} values here")
        } else if self.size.text > MOST_TEXT {
            format!("the table grows beyond {MOST_TEXT} bytes here")
        } else {
            return Ok(());
        };
        Err(Finding::new(place.clone(), "", problem).hint("an alias counts with all that it stands for; write less"))
    }

    fn place(&self, span: &Span) -> Range<usize> {
        let end = self.text.len();
        let place = span.byte_range().unwrap_or(end..end);
        place.start.min(end)..place.end.min(end)
    }
}

fn is_content(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Scalar(..)
            | Event::SequenceStart(..)
            | Event::MappingStart(..)
            | Event::Alias(..)
            | Event::UnresolvedAlias(..)
    )
}

/// A block of fields is shown by its first name, and a list by its first value: whole blocks say nothing.
fn shown(tree: &Tree, place: Range<usize>) -> Range<usize> {
    match tree {
        Tree::Fields(fields) if place.is_empty() => fields.list.first().map_or(place, |field| field.name_span.clone()),
        Tree::List(list) if place.is_empty() => list.first().map_or(place, |node| node.span.clone()),
        Tree::Empty | Tree::Truth(_) | Tree::Whole(_) | Tree::Real(_) | Tree::Text { .. } | Tree::Reported => place,
        Tree::Fields(_) | Tree::List(_) => place,
    }
}
