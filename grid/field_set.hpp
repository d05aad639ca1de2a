#pragma once
// The model's fields: allocated from the catalog, found by entry.

#include <list>
#include <string>
#include <vector>

#include "grid/decomposition.hpp"
#include "grid/field_catalog.hpp"

namespace meridian {

/// Part a field plays: prognostic fields are saved, hashed and restored; fixed ones are made anew at start; those
/// between tracer steps are saved and restored while a tracer step is open; held ones, diagnostics of the last step of
/// physics that streams want between such steps, are saved too, but they are no part of the state.
enum class Role { prognostic, between_tracer_steps, held, fixed, diagnostic };

/// The fields of one block, by catalog entry.
class FieldSet {
 public:
  struct Entry {
    FieldInfo info;
    Role role;
    Array3<Real> data;        // (k, row, column) with halo, see Field
    bool of_physics = false;  // made in each step of physics: unknown before the first
  };

  explicit FieldSet(const Block& block) : block_(block) {}

  /// Allocates a field; n_k is 1 for surface fields, else layers or interfaces. Throws internal if it is there.
  template <class P>
  Field<P> add(const FieldSpec<P>& spec, int n_k, Role role, bool of_physics = false) {
    require(find(spec.name) == nullptr, ExitCode::internal, "Field '", spec.name, "' is added twice.");
    Field<P> field = make_field<P>(std::string(spec.short_name), block_, n_k);
    entries_.push_back({spec, role, field.data(), of_physics});
    return field;
  }
  /// Allocates tracers of these short names as one array: level n * n_k + k is level k of tracer n. Each is an entry, that
  /// of the catalog where its short name is there.
  Field<Cell> add_tracers(const std::vector<std::string>& names, int n_k) {
    const auto all = make_field<Cell>("tracers", block_, static_cast<int>(names.size()) * n_k);
    int first = 0;
    for (const std::string& text : names) {
      require(find(text) == nullptr, ExitCode::internal, "Field '", text, "' is added twice.");
      const std::string_view name = keep(text);
      FieldInfo info = FieldSpec<Cell>(name, name, "1", {-1e30, 1e30}, "mixing ratio of a tracer to dry air", false);
      for (const field::Species& known : field::species) {
        if (known.mixing_ratio->short_name == name) info = *known.mixing_ratio;
      }
      entries_.push_back({info, Role::prognostic, levels_of(all, first, n_k).data()});
      first += n_k;
    }
    return all;
  }
  /// The field of a catalog entry. Throws internal if it was not added.
  template <class P>
  Field<P> get(const FieldSpec<P>& spec) const {
    const Entry* entry = find(spec.name);
    require(entry != nullptr, ExitCode::internal, "Field '", spec.name, "' is not part of this model.");
    return Field<P>(entry->data);
  }
  /// The entry of a name, or nullptr.
  const Entry* find(std::string_view name) const {
    for (const Entry& entry : entries_) {
      if (entry.info.name == name) return &entry;
    }
    return nullptr;
  }
  /// Keeps a text for the life of the set: names of entries point to it.
  std::string_view keep(std::string text) { return *texts_.insert(texts_.end(), std::move(text)); }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const std::vector<Entry>& entries() const { return entries_; }
  const Block& block() const { return block_; }

 private:
  Block block_;
  std::vector<Entry> entries_;
  std::list<std::string> texts_;  // what the entries' names point to
};

}  // namespace meridian
