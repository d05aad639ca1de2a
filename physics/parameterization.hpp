#pragma once
// The contract of a column scheme: what it needs, what it gives, how it is run (docs/how_to/add_a_scheme.md).

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "grid/field_catalog.hpp"

namespace meridian {

enum class Use { reads, updates, writes, owns };

/// One field that a scheme uses, and how.
struct FieldUse {
  Use use;
  const FieldInfo* field;
};
/// The state, read-only.
constexpr FieldUse reads(const FieldInfo& field) { return {Use::reads, &field}; }
/// Reads the state and adds to its tendency; never assigns, never touches the state itself.
constexpr FieldUse updates(const FieldInfo& field) { return {Use::updates, &field}; }
/// A diagnostic or boundary flux that this scheme alone owns.
constexpr FieldUse writes(const FieldInfo& field) { return {Use::writes, &field}; }

/// A store that this scheme alone changes, in place, and everybody may read at any time: saved with the state.
constexpr FieldUse owns(const FieldInfo& field) { return {Use::owns, &field}; }

/// A boundary flux of a budget: +1 where it goes into the column of air, -1 where it leaves.
struct FluxTerm {
  const FieldInfo* flux;
  double into_column;
};

/// A store of heat below the air: its temperature, what a kelvin of it holds [J m-2 K-1], and the fluxes [W m-2] that it gets: here
/// +1 is into the store.
struct HeatStore {
  const FieldInfo* temperature;
  double capacity;
  std::span<const FluxTerm> fluxes;
};

class Columns;  // hands out reads as ConstField, updates as tendencies, writes as own fields

/// name, meaning, source, equation (one line or more): words for `meridian list schemes` and `describe`. fields: everything it uses. options: the
/// settings, with visit(). run(columns, dt): adds to tendencies [per second] and fills what it writes; dt [s].
/// A scheme may have, too:
///   std::array<FluxTerm, n> water_budget, enthalpy_budget: the fluxes [kg m-2 s-1], [W m-2] that its tendencies of all
///     water and of cp T + L qv must sum up to in each column; the suite checks it after every call. Functions of
///     these names, where it depends on options.
///   bool friction_is_heat = true: the enthalpy that its budget counts has the kinetic energy in it, too.
///   bool lowest_layer_only: it changes no other layer, which saves the passes over these.
///   int scratch_fields: work arrays that columns.scratch(n) hands out; their contents are lost between calls.
///   start(columns): fills what it owns before the first step.
///   HeatStore heat_store() const: what it owns is such a store, whose heat the budgets count, mean over the globe.
///   std::string_view saturation() const: the one word of 'physics.saturation' that it can work with.
///   require_length(run_s): throws configuration where it cannot run for so long [s].
template <class Scheme>
concept Parameterization =
    std::default_initializable<Scheme> && std::copyable<Scheme> &&
    requires(Scheme scheme, const Scheme same, OptionVisitor& option, Columns& columns, double dt) {
      { Scheme::name } -> std::convertible_to<std::string_view>;
      { Scheme::meaning } -> std::convertible_to<std::string_view>;
      { Scheme::source } -> std::convertible_to<std::string_view>;
      { Scheme::equation } -> std::convertible_to<std::string_view>;
      { std::span<const FieldUse>(Scheme::fields) };
      { scheme.options.visit(option) };
      { same.run(columns, dt) };
    };

/// A scheme of any type with its options: what the suite holds. Made by any_scheme().
class AnyScheme {
 public:
  using FluxTerms = std::optional<std::span<const FluxTerm>>;
  virtual ~AnyScheme() = default;
  virtual std::unique_ptr<AnyScheme> copy() const = 0;
  virtual void visit_options(OptionVisitor& option) = 0;
  virtual void run(Columns& columns, double dt) const = 0;
  virtual void start(Columns& columns) const = 0;
  virtual std::string_view saturation() const = 0;  // empty: any
  virtual void require_length(double run_s) const = 0;
  virtual FluxTerms water_budget() const = 0;  // none: not conserved
  virtual FluxTerms enthalpy_budget() const = 0;
  virtual std::optional<HeatStore> heat_store() const = 0;
  virtual bool friction_is_heat() const = 0;
  virtual bool lowest_layer_only() const = 0;
  virtual int scratch_fields() const = 0;

  const std::string_view name, meaning, source, equation;
  const std::span<const FieldUse> fields;

 protected:
  AnyScheme(std::string_view name, std::string_view meaning, std::string_view source, std::string_view equation,
            std::span<const FieldUse> fields)
      : name(name), meaning(meaning), source(source), equation(equation), fields(fields) {}
};

template <Parameterization Scheme>
class SchemeOf final : public AnyScheme {
 public:
  explicit SchemeOf(const Scheme& scheme)
      : AnyScheme(Scheme::name, Scheme::meaning, Scheme::source, Scheme::equation, Scheme::fields), scheme_(scheme) {}
  std::unique_ptr<AnyScheme> copy() const override { return std::make_unique<SchemeOf>(scheme_); }
  void visit_options(OptionVisitor& option) override { scheme_.options.visit(option); }
  void run(Columns& columns, double dt) const override { scheme_.run(columns, dt); }
  void start(Columns& columns) const override {
    if constexpr (requires { scheme_.start(columns); }) scheme_.start(columns);
  }
  std::string_view saturation() const override {
    if constexpr (requires { scheme_.saturation(); }) return scheme_.saturation();
    return {};
  }
  void require_length(double run_s) const override {
    if constexpr (requires { scheme_.require_length(run_s); }) scheme_.require_length(run_s);
  }
  FluxTerms water_budget() const override {
    if constexpr (requires { scheme_.water_budget(); }) {
      return scheme_.water_budget();
    } else if constexpr (requires { Scheme::water_budget; }) {
      return Scheme::water_budget;
    } else {
      return {};
    }
  }
  FluxTerms enthalpy_budget() const override {
    if constexpr (requires { scheme_.enthalpy_budget(); }) {
      return scheme_.enthalpy_budget();
    } else if constexpr (requires { Scheme::enthalpy_budget; }) {
      return Scheme::enthalpy_budget;
    } else {
      return {};
    }
  }
  std::optional<HeatStore> heat_store() const override {
    if constexpr (requires { scheme_.heat_store(); }) return scheme_.heat_store();
    return {};
  }
  bool friction_is_heat() const override {
    if constexpr (requires { Scheme::friction_is_heat; }) return Scheme::friction_is_heat;
    return false;
  }
  bool lowest_layer_only() const override {
    if constexpr (requires { Scheme::lowest_layer_only; }) return Scheme::lowest_layer_only;
    return false;
  }
  int scratch_fields() const override {
    if constexpr (requires { Scheme::scratch_fields; }) return Scheme::scratch_fields;
    return 0;
  }

 private:
  Scheme scheme_;
};

template <Parameterization Scheme>
std::unique_ptr<AnyScheme> any_scheme(const Scheme& scheme) {
  return std::make_unique<SchemeOf<Scheme>>(scheme);
}

}  // namespace meridian
