// The schemes of the model, and 'physics:' of a case, which names some of them.

#include <algorithm>
#include <extra_schemes.hpp>  // written by cmake/MeridianExtraPhysics.cmake

#include "physics/betts_miller.hpp"
#include "physics/columns.hpp"
#include "physics/frierson.hpp"
#include "physics/grey_radiation.hpp"
#include "physics/held_suarez.hpp"
#include "physics/kessler.hpp"
#include "physics/large_scale_condensation.hpp"
#include "physics/monthly_sst.hpp"
#include "physics/prescribed_sst.hpp"
#include "physics/rayleigh_sponge.hpp"
#include "physics/simple_physics.hpp"
#include "physics/slab_ocean.hpp"
#include "physics/suite.hpp"
#include "physics/terminator.hpp"

namespace meridian {

using SchemePtr = std::unique_ptr<AnyScheme>;

const std::vector<SchemePtr>& scheme_table() {  // one line each
  static const std::vector<SchemePtr> schemes = [] {
    std::vector<SchemePtr> list;
    list.push_back(any_scheme(HeldSuarez{}));
    list.push_back(any_scheme(Terminator{}));
    list.push_back(any_scheme(PrescribedSst{}));
    list.push_back(any_scheme(MonthlySst{}));
    list.push_back(any_scheme(LargeScaleCondensation{}));
    list.push_back(any_scheme(BulkSurfaceFluxes{}));
    list.push_back(any_scheme(SimpleBoundaryLayer{}));
    list.push_back(any_scheme(Kessler{}));
    list.push_back(any_scheme(GreyRadiation{}));
    list.push_back(any_scheme(BettsMiller{}));
    list.push_back(any_scheme(FriersonSurfaceLayer{}));
    list.push_back(any_scheme(FriersonBoundaryLayer{}));
    list.push_back(any_scheme(SlabOcean{}));
    list.push_back(any_scheme(RayleighSponge{}));
    add_extra_schemes(list);  // of MERIDIAN_EXTRA_PHYSICS
    return list;
  }();
  return schemes;
}

namespace {

const AnyScheme* in_table(std::string_view name) {
  for (const SchemePtr& scheme : scheme_table()) {
    if (scheme->name == name) return scheme.get();
  }
  return nullptr;
}

std::vector<std::string_view> names_in_table() {
  std::vector<std::string_view> names;
  for (const SchemePtr& scheme : scheme_table()) names.push_back(scheme->name);
  return names;
}

/// One entry of 'physics.suite': the name of a scheme and its options.
struct SchemeOptions {
  std::string name;
  int every = 1;
  std::string coupling = "sequential";
  SchemePtr scheme;

  SchemeOptions() = default;
  SchemeOptions(SchemeOptions&&) = default;
  SchemeOptions& operator=(SchemeOptions&&) = default;
  SchemeOptions(const SchemeOptions& other)
      : name(other.name),
        every(other.every),
        coupling(other.coupling),
        scheme(other.scheme ? other.scheme->copy() : nullptr) {}

  void visit(OptionVisitor& option) {
    const std::vector<std::string_view> names = names_in_table();
    option.word("scheme", name, names, "column scheme: see 'meridian list schemes'");
    static constexpr std::string_view couplings[] = {"sequential", "parallel"};
    option.integer("every", every, "physics steps", {1, 1000},
                   "calls of the scheme; in between its fluxes and what they give to each layer are held");
    option.word("coupling", coupling, couplings,
                "sequential: it sees what entries before it did; parallel: the state at the start of the step");
    if (option.shows_alternatives()) return show_alternatives(option);
    if (name.empty() && !option.given("scheme"))
      option.problem("scheme", "An entry of 'physics.suite' must name its 'scheme'.");
    const AnyScheme* known = in_table(name);
    if (!known)
      scheme = nullptr;
    else if (!scheme || scheme->name != name)
      scheme = known->copy();
    if (scheme) scheme->visit_options(option);
  }

 private:
  static void show_alternatives(OptionVisitor& option) {
    for (const SchemePtr& known : scheme_table()) {
      option.alternative("scheme", known->name);
      known->copy()->visit_options(option);
      option.alternative("scheme", "");
    }
  }
};

}  // namespace

struct PhysicsOptions::Impl {
  bool energy_correction = false;
  std::string saturation = "clausius";
  std::vector<SchemeOptions> schemes;
};

PhysicsOptions::PhysicsOptions() : impl(std::make_unique<Impl>()) {}
PhysicsOptions::PhysicsOptions(const PhysicsOptions& other) : impl(std::make_unique<Impl>(*other.impl)) {}
PhysicsOptions& PhysicsOptions::operator=(const PhysicsOptions& other) {
  impl = std::make_unique<Impl>(*other.impl);
  return *this;
}
PhysicsOptions::~PhysicsOptions() = default;

void PhysicsOptions::visit(OptionVisitor& option) {
  option.word(
      "saturation", impl->saturation, saturation_words,
      "saturation vapour pressure, of all schemes: clausius: constant latent heat; tetens, murphy_koop: fits to "
      "measurements over water");
  option.flag(
      "energy_correction", impl->energy_correction,
      "after each step of physics all temperatures are scaled so that the air has the energy that the fluxes brought");
  option.list("suite", impl->schemes, "column schemes in the order of the step; empty: no physics", "scheme");
}

bool PhysicsOptions::corrects_energy() const { return impl->energy_correction; }
bool PhysicsOptions::empty() const { return impl->schemes.empty(); }
Saturation PhysicsOptions::saturation() const {
  return static_cast<Saturation>(std::ranges::find(saturation_words, impl->saturation) - saturation_words.begin());
}

bool PhysicsOptions::uses_tracers_only() const {
  const auto is_tracer = [](const FieldUse& use) { return field::species_of(use.field->name) != nullptr; };
  return std::ranges::all_of(impl->schemes, [&](const SchemeOptions& option) {
    return !option.scheme || std::ranges::all_of(option.scheme->fields, is_tracer);
  });
}

std::vector<SuiteEntry> PhysicsOptions::entries() const {
  std::vector<SuiteEntry> entries;
  for (const SchemeOptions& option : impl->schemes) {
    require(option.scheme != nullptr, ExitCode::configuration, "'physics.suite' names the unknown scheme '",
            option.name, "'; 'meridian list schemes' shows all.");
    entries.emplace_back(option.scheme->copy(), option.every, option.coupling == "parallel");
  }
  return entries;
}

std::vector<SchemeInfo> all_schemes() {
  std::vector<SchemeInfo> result;
  for (const SchemePtr& scheme : scheme_table()) {
    SchemeInfo info;
    info.name = scheme->name;
    info.meaning = scheme->meaning;
    info.source = scheme->source;
    info.equation = scheme->equation;
    for (const FieldUse& use : scheme->fields) {
      auto& names = use.use == Use::reads     ? info.reads
                    : use.use == Use::updates ? info.updates
                    : use.use == Use::writes  ? info.writes
                                              : info.owns;
      names.emplace_back(use.field->name);
      if (use.use == Use::updates) {
        info.outputs.push_back(std::string(tendency_of(scheme->name, *use.field).short_name) + "_" + info.name);
      } else if (use.use != Use::reads && use.field->fits_a_stream()) {
        info.outputs.emplace_back(use.field->short_name);
      }
    }
    result.push_back(std::move(info));
  }
  return result;
}

}  // namespace meridian
