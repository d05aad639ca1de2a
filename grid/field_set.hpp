#pragma once
// The model's fields: allocated from the catalog, found by entry.

#include <string>
#include <vector>

#include "grid/decomposition.hpp"
#include "grid/field_catalog.hpp"

namespace meridian {

/// Part a field plays: prognostic fields are saved, hashed and restored; fixed ones are made anew at start.
enum class Role { prognostic, fixed, diagnostic };

/// The fields of one block, by catalog entry.
class FieldSet {
 public:
  struct Entry {
    FieldInfo info;
    Role role;
    Array3<Real> data;  // (k, row, column) with halo, see Field
  };

  explicit FieldSet(const Block& block) : block_(block) {}

  /// Allocates a field; n_k is 1 for surface fields, else layers or interfaces. Throws internal if it is there.
  template <class P>
  Field<P> add(const FieldSpec<P>& spec, int n_k, Role role) {
    require(find(spec.name) == nullptr, ExitCode::internal, "Field '", spec.name, "' is added twice.");
    Field<P> field = make_field<P>(std::string(spec.short_name), block_, n_k);
    entries_.push_back({spec, role, field.data()});
    return field;
  }
  /// The field of a catalog entry. Throws internal if it was not added.
  template <class P>
  Field<P> get(const FieldSpec<P>& spec) const {
    const Entry* entry = find(spec.name);
    require(entry != nullptr, ExitCode::internal, "Field '", spec.name, "' is not part of this model.");
    return Field<P>(entry->data);
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const std::vector<Entry>& entries() const { return entries_; }
  const Block& block() const { return block_; }

 private:
  const Entry* find(std::string_view name) const {
    for (const Entry& entry : entries_) {
      if (entry.info.name == name) return &entry;
    }
    return nullptr;
  }

  Block block_;
  std::vector<Entry> entries_;
};

}  // namespace meridian
