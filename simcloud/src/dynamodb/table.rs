//! A table's items and its indexes' entries, in order, behind one lock.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::api::ApiError;

use super::capacity::write_units;
use super::definition::Definition;
use super::feed::Feed;
use super::item::Item;
use super::key::{Edge, IndexKey, PrimaryKey};

#[derive(Debug)]
pub(super) struct Table {
    feed: Arc<Feed>,
    contents: RwLock<Contents>,
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) definition: Arc<Definition>,
    items: BTreeMap<PrimaryKey, Arc<Item>>,
    /// By the index's position in the definition.
    indexes: Vec<Index>,
    size_bytes: usize,
}

/// An index's entries.
#[derive(Debug, Default)]
struct Index {
    entries: BTreeMap<IndexKey, Entry>,
    size_bytes: usize,
}

/// One item in an index. It shares the table's item, and what the index carries of that is picked out when it is read: written far
/// more often than read, and kept for as long as the item, a copy would be most of what a ledger takes.
#[derive(Debug)]
struct Entry {
    item: Arc<Item>,
    /// Of what is carried.
    size_bytes: usize,
}

/// What a write did.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) old: Option<Arc<Item>>,
    pub(super) new: Option<Arc<Item>>,
    /// Write units that each index took, by its position.
    pub(super) index_units: Vec<u64>,
}

/// Where a read looks: the table, or an index by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Table,
    Index(usize),
}

/// A range of places, and where within it to go on after.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) lower: Bound<PrimaryKey>,
    pub(super) upper: Bound<PrimaryKey>,
    /// Exclusive; its base is only looked at in an index.
    pub(super) after: Option<IndexKey>,
    pub(super) forward: bool,
}

impl Table {
    pub(super) fn new(definition: Definition, feed: Arc<Feed>) -> Self {
        let indexes = definition.indexes.iter().map(|_| Index::default()).collect();
        let contents =
            Contents { definition: Arc::new(definition), items: BTreeMap::new(), indexes, size_bytes: 0 };
        Self { feed, contents: RwLock::new(contents) }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `new` at `key`, or deletes what is there, within the caller's critical section. An item whose index keys are not
    /// valid is refused, and nothing changes.
    pub(super) fn replace(
        &self,
        contents: &mut Contents,
        key: PrimaryKey,
        new: Option<Item>,
    ) -> Result<Written, ApiError> {
        let written = contents.replace(key, new.map(Arc::new))?;
        self.feed.publish(written.old.as_ref(), written.new.as_ref());
        Ok(written)
    }
}

impl Contents {
    pub(super) fn item(&self, key: &PrimaryKey) -> Option<&Arc<Item>> {
        self.items.get(key)
    }

    pub(super) fn items(&self) -> impl ExactSizeIterator<Item = &Arc<Item>> {
        self.items.values()
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// Entries of an index: how many, and their size in bytes.
    pub(super) fn index_totals(&self, index: usize) -> (usize, usize) {
        self.indexes.get(index).map_or((0, 0), |index| (index.entries.len(), index.size_bytes))
    }

    /// [`Table::replace`] without telling the listeners.
    pub(super) fn replace(&mut self, key: PrimaryKey, new: Option<Arc<Item>>) -> Result<Written, ApiError> {
        let old = self.items.get(&key).cloned();
        let definition = Arc::clone(&self.definition);
        let places = definition
            .indexes
            .iter()
            .map(|index| {
                let place = |item: &Arc<Item>| -> Result<Option<IndexKey>, ApiError> {
                    let place = index.keys.index_key(&index.name, item.attributes())?;
                    Ok(place.map(|place| IndexKey { place, base: Edge::At(key.clone()) }))
                };
                let place_of = |item: Option<&Arc<Item>>| item.map_or(Ok(None), place);
                Ok((place_of(old.as_ref())?, place_of(new.as_ref())?))
            })
            .collect::<Result<Vec<_>, ApiError>>()?;
        let indexes = self.indexes.iter_mut().zip(&definition.indexes).zip(places);
        let index_units = indexes
            .map(|((index, of), (from, to))| {
                let entry = |item: &Arc<Item>| {
                    let size_bytes = of.carried_size_bytes(&definition.keys, item);
                    Entry { item: Arc::clone(item), size_bytes }
                };
                let carries_same = match (&old, &new) {
                    (Some(old), Some(new)) => {
                        of.carries_same(&definition.keys, old.attributes(), new.attributes())
                    }
                    _ => false,
                };
                index.replace(from, to.zip(new.as_ref().map(entry)), carries_same)
            })
            .collect();
        let size_of = |item: &Option<Arc<Item>>| item.as_ref().map_or(0, |item| item.size_bytes());
        self.size_bytes = self.size_bytes + size_of(&new) - size_of(&old);
        match &new {
            Some(item) => self.items.insert(key, Arc::clone(item)),
            None => self.items.remove(&key),
        };
        Ok(Written { old, new, index_units })
    }

    /// The items of a range, in its order; of an index, what it carries of them.
    pub(super) fn range(&self, source: Source, range: Range) -> Box<dyn Iterator<Item = Arc<Item>> + '_> {
        let Range { lower, upper, after, forward } = range;
        match source {
            Source::Table => {
                let after = after.map(|after| after.place);
                Box::new(ordered(&self.items, lower, upper, after, forward).cloned())
            }
            Source::Index(index) => {
                let (Some(Index { entries, .. }), Some(of)) =
                    (self.indexes.get(index), self.definition.indexes.get(index))
                else {
                    return Box::new(std::iter::empty());
                };
                // Every base counts as lying at its place: an inclusive end takes all of them, an exclusive one none.
                let at = |place: PrimaryKey, base: Edge<PrimaryKey>| IndexKey { place, base };
                let lower = match lower {
                    Bound::Included(place) => Bound::Included(at(place, Edge::Least)),
                    Bound::Excluded(place) => Bound::Excluded(at(place, Edge::Most)),
                    Bound::Unbounded => Bound::Unbounded,
                };
                let upper = match upper {
                    Bound::Included(place) => Bound::Included(at(place, Edge::Most)),
                    Bound::Excluded(place) => Bound::Excluded(at(place, Edge::Least)),
                    Bound::Unbounded => Bound::Unbounded,
                };
                let carried = |entry: &Entry| {
                    let carried = of.project(&self.definition.keys, entry.item.attributes());
                    carried.map_or_else(|| Arc::clone(&entry.item), |carried| Arc::new(Item::new(carried)))
                };
                Box::new(ordered(entries, lower, upper, after, forward).map(carried))
            }
        }
    }
}

impl Index {
    /// Changes one item's entry, and tells the write units that it takes: none when what it carries stays as it is, one write when
    /// it appears, vanishes or changes in place, two when it moves.
    fn replace(&mut self, from: Option<IndexKey>, to: Option<(IndexKey, Entry)>, carries_same: bool) -> u64 {
        let in_place = from.as_ref() == to.as_ref().map(|(key, _)| key);
        let new = to.as_ref().map(|(_, entry)| entry.size_bytes);
        let moved_from = from.filter(|_| !in_place).and_then(|key| self.entries.remove(&key));
        let replaced = to.and_then(|(key, entry)| self.entries.insert(key, entry));
        let old = moved_from.or(replaced).map(|entry| entry.size_bytes);
        self.size_bytes = self.size_bytes + new.unwrap_or(0) - old.unwrap_or(0);
        match (old.map_or(0, write_units), new.map_or(0, write_units)) {
            _ if in_place && carries_same => 0,
            (old, new) if in_place => old.max(new),
            (old, new) => old + new,
        }
    }
}

fn ordered<K: Ord, V>(
    map: &BTreeMap<K, V>,
    mut lower: Bound<K>,
    mut upper: Bound<K>,
    after: Option<K>,
    forward: bool,
) -> Box<dyn Iterator<Item = &V> + '_> {
    if let Some(after) = after {
        *(if forward { &mut lower } else { &mut upper }) = Bound::Excluded(after);
    }
    // BTreeMap::range panics on a range that ends before it starts.
    let empty = match (&lower, &upper) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => {
            from >= to
        }
    };
    if empty {
        return Box::new(std::iter::empty());
    }
    let values = map.range((lower, upper)).map(|(_, value)| value);
    if forward { Box::new(values) } else { Box::new(values.rev()) }
}
