// Strict YAML: what is read, and each thing that is refused with the place where it stands.
#include <gtest/gtest.h>

#include <ctime>

#include "io/yaml.hpp"

namespace meridian {
namespace {

using namespace std::string_literals;

struct Refused {
  const char* name;
  std::string text;
  int line, column;
  const char* words;  // in the sentence or the hint
};

std::string repeated(const std::string& text, int n) {
  std::string result;
  for (int k = 0; k < n; ++k) result += text;
  return result;
}

/// A map in a map in a map ..., 'depth' of them.
std::string nested(int depth) {
  std::string text;
  for (int k = 0; k < depth; ++k) text += std::string(static_cast<std::size_t>(k), ' ') + "a:\n";
  return text + std::string(static_cast<std::size_t>(depth), ' ') + "b: 1\n";
}

const Refused refused[] = {
    {"empty file", "", 1, 1, "empty"},
    {"only comments", "# nothing\n\n# here\n", 1, 1, "empty"},
    {"only a document mark", "---\n", 1, 1, "empty"},
    {"a single word", "hello\n", 1, 1, "key: value"},
    {"a list at the top", "- a: 1\n", 1, 1, "key: value"},
    {"two documents", "a: 1\n---\nb: 2\n", 2, 1, "second document"},
    {"empty second document", "a: 1\n---\n", 2, 1, "second document"},
    {"duplicate key", "a: 1\nb: 2\na: 3\n", 3, 1, "line 1"},
    {"duplicate key in a group", "grid:\n  n_lon: 8\n  n_lat: 4\n  n_lon: 16\n", 4, 3, "'grid.n_lon'"},
    {"duplicate key in a list", "s:\n  - {a: 1}\n  - {a: 1, a: 2}\n", 3, 12, "'s[1].a'"},
    {"duplicate key in quotes", "a: 1\n\"a\": 2\n", 2, 1, "duplicate key 'a'"},
    {"duplicate group", "a:\n  b: 1\na:\n  c: 1\n", 3, 1, "duplicate key 'a'"},
    {"anchor on a value", "a: &x 1\n", 1, 4, "anchors"},
    {"anchor on a group", "a: &x\n  b: 1\n", 1, 4, "anchors"},
    {"alias", "a: &x 1\nb: *x\n", 2, 4, "aliases"},
    {"alias of nothing", "a: 1\nb: *x\n", 2, 4, "aliases"},
    {"alias of itself", "a: &x [*x]\n", 1, 8, "aliases"},
    {"merge key", "a: {b: 1}\nc:\n  <<: {d: 1}\n", 3, 3, "merge keys"},
    {"tag", "a: !!int 1\n", 1, 4, "tags"},
    {"own tag", "a: !thing 1\n", 1, 4, "tags"},
    {"bare tag", "a: ! 1\n", 1, 4, "tags"},
    {"tag on a group", "a: !!map\n  b: 1\n", 1, 4, "tags"},
    {"directive", "%YAML 1.2\n---\na: 1\n", 1, 1, "directives"},
    {"tab as indentation", "a:\n\tb: 1\n", 2, 1, "tabs"},
    {"tab before a comment", "a: 1\t# one\n", 1, 5, "tabs"},
    {"NUL", "a: 1\nb: x\0y\n"s, 2, 5, "NUL"},
    {"NUL by escape", "a: \"x\\0y\"\n", 1, 4, "control"},
    {"escape character", "a: \x1b[31m\n", 1, 4, "control"},
    {"bell by escape", "a: \"\\a\"\n", 1, 4, "control"},
    {"C1 control character", "a: \xC2\x85\n", 1, 4, "control"},
    {"carriage return alone", "a: 1\rb: 2\n", 1, 5, "control"},
    {"Latin-1 text", "a: caf\xE9\n", 1, 7, "UTF-8"},
    {"cut UTF-8", "a: \xC3", 1, 4, "UTF-8"},
    {"overlong UTF-8", "a: \xC0\xAF\n", 1, 4, "UTF-8"},
    {"surrogate", "a: \xED\xA0\x80\n", 1, 4, "UTF-8"},
    {"UTF-16",
     "\xFF\xFE"
     "a\0:\0 \0"s,
     1, 1, "UTF-8"},
    {"executable",
     "\x7F"
     "ELF\x02\x01\x01\0\0"s,
     1, 1, "control"},
    {"NetCDF file", "\x89HDF\r\n\x1a\n", 1, 1, "UTF-8"},
    {"block of lines", "a: |\n  one\n  two\n", 1, 4, "single line"},
    {"17 levels", nested(17), 17, 17, "16 levels"},
    {"1000 brackets", "a: " + repeated("[", 1000) + repeated("]", 1000), 1, 19, "16 levels"},
    {"1000 open brackets", "a: " + repeated("[", 1000), 1, 5, "not closed"},
    {"group as key", "? {a: 1}\n: 2\n", 1, 3, "key must be a word"},
    {"list as key", "[a, b]: 2\n", 1, 1, "key must be a word"},
    {"no key", ": 2\n", 1, 1, "key is missing"},
    {"indented too far", "a:\n  b: 1\n    c: 2\n", 3, 6, "indentation"},
    {"indented too little", "a:\n    b: 1\n  c: 2\n", 3, 3, "indentation"},
    {"no colon", "a: 1\nb 2\nc: 3\n", 3, 2, "':' of the lines above"},
    {"no space after the colon", "a: 1\nb:2\n", 2, 1, "space after the ':'"},
    {"no space in braces", "a: {b: 1, c:2}\n", 1, 11, "space after the ':'"},
    {"colon in a text", "a: one: two\n", 1, 7, "quotes"},
    {"list in a map", "a: 1\n- b\n", 2, 1, "indentation"},
    {"open bracket", "a: [1, 2\n", 2, 1, "']'"},
    {"open brace", "a: {b: 1\n", 2, 1, "'}'"},
    {"closed bracket", "a: 1]\nb: ]\n", 2, 4, "bracket"},
    {"open quote", "a: \"one\n", 1, 4, "quote"},
    {"open quote at the end", "a: \"one\\\"", 1, 10, "quote"},
    {"open quote that swallows keys", "a: \"one\nb: 2\n", 1, 4, "quote"},
    {"open single quote", "a: 'one''\n", 1, 4, "quote"},
    {"at sign", "a: @one\n", 1, 4, "quotes"},
    {"backquote", "a: `one`\n", 1, 4, "quotes"},
    {"unknown escape", "a: \"\\q\"\n", 1, 7, "escape"},
    {"column counts characters", "\xC3\xA4\xC3\xB6: &x 1\n", 1, 5, "anchors"},
};

TEST(Yaml, everything_outside_the_strict_profile_is_refused_with_its_place) {
  for (const auto& input : refused) {
    Problems problems;
    parse_yaml(input.text, "case.yaml", problems);
    EXPECT_FALSE(problems.empty()) << input.name;
    bool found = false;
    for (const auto& problem : problems.all()) {
      found = found || (problem.location.line == input.line && problem.location.column == input.column &&
                        (problem.sentence + problem.hint).find(input.words) != std::string::npos);
    }
    EXPECT_TRUE(found) << input.name << ": wanted " << input.line << ":" << input.column << " and '" << input.words
                       << "', got\n"
                       << problems.report();
  }
}

TEST(Yaml, hints_name_the_kind_of_file) {
  for (const char* text : {"\xFF", "", "a: 1\n---\nb: 2\n"}) {
    Problems problems;
    parse_yaml(text, "here.yaml", problems, "machine");
    ASSERT_EQ(problems.all().size(), 1u) << text;
    EXPECT_NE(problems.all()[0].hint.find("machine"), std::string::npos) << problems.report();
    EXPECT_EQ(problems.all()[0].hint.find("case"), std::string::npos) << problems.report();
  }
}

TEST(Yaml, values_keep_text_quotes_and_place) {
  Problems problems;
  const Node root =
      parse_yaml("# comment\ngrid:\n  n_lon: 180   # wide\n  name: \"180\"\nlist: [a, 6 hours]\n", "c", problems);
  ASSERT_TRUE(problems.empty()) << problems.report();
  const Node& grid = root.find("grid")->value;
  EXPECT_EQ(grid.find("n_lon")->value.text, "180");
  EXPECT_FALSE(grid.find("n_lon")->value.quoted);
  EXPECT_EQ(to_string(grid.find("n_lon")->value.location), "c:3:10");
  EXPECT_EQ(to_string(grid.find("n_lon")->location), "c:3:3");
  EXPECT_TRUE(grid.find("name")->value.quoted);
  EXPECT_EQ(root.find("list")->value.elements[1].text, "6 hours");
  EXPECT_EQ(root.find("nothing"), nullptr);
}

TEST(Yaml, byte_order_mark_and_windows_line_ends_are_accepted) {
  Problems problems;
  const Node root = parse_yaml(
      "\xEF\xBB\xBF"
      "a: 1\r\nb:\r\n  c: x\r\n",
      "c", problems);
  ASSERT_TRUE(problems.empty()) << problems.report();
  EXPECT_EQ(to_string(root.find("a")->location), "c:1:1");
  EXPECT_EQ(root.find("b")->value.find("c")->value.text, "x");
}

TEST(Yaml, sixteen_levels_are_accepted) {
  Problems problems;
  parse_yaml(nested(15), "c", problems);
  EXPECT_TRUE(problems.empty()) << problems.report();
}

TEST(Yaml, all_problems_of_a_document_are_found) {
  Problems problems;
  parse_yaml("a: &x 1\nb: *x\na: 2\nc: !t 3\n", "c", problems);
  EXPECT_EQ(problems.all().size(), 4u) << problems.report();
  EXPECT_NE(problems.report().find("4 errors; nothing was written.  exit 78"), std::string::npos);
}

TEST(Yaml, a_report_shows_line_and_caret) {
  Problems problems;
  parse_yaml("grid:\n  n_lon: 8\n  n_lon: 16\n", "case.yaml", problems);
  EXPECT_EQ(problems.report(),
            "ERROR config case.yaml:3:3: duplicate key 'grid.n_lon'\n"
            "  3 |   n_lon: 16\n"
            "    |   ^^^^^\n"
            "  it stands in line 2 already: remove one of them\n"
            "1 error; nothing was written.  exit 78");
}

TEST(Yaml, hostile_files_end_quickly) {
  const std::string files[] = {
      std::string(10'000'000, 'a'),
      std::string(1'000'000, '['),
      std::string(1'000'000, '{'),
      "a: " + std::string(1'000'000, '['),
      repeated("[a,", 300'000),
      repeated("- ", 500'000),
      repeated("? ", 500'000),
      repeated("a: ", 300'000),
      repeated("a:\n", 300'000),
      repeated("&a ", 300'000),
      repeated("\n", 1'000'000),
      repeated("'", 1'000'000),
      "a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: "
      "[*c,*c,*c,*c,*c,*c,*c,*c]\n",
  };
  for (const auto& text : files) {
    const std::clock_t begin = std::clock();
    Problems problems;
    parse_yaml(text, "c", problems);
    EXPECT_FALSE(problems.empty());
    EXPECT_LT(problems.report().size(), 20'000u);
    // Processor time [s], since others may run: malformed cases must end within 2 s.
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 1.5) << text.substr(0, 20);
  }
}

TEST(Yaml, texts_are_written_so_that_they_read_back) {
  for (const std::string text :
       {"plain", "6 hours", "",    " ",           "a: b", "x # y", "\"",   "back\\slash",      "true", "null", "~",
        "[a]",   "-",       "- a", "caf\xC3\xA9", "@x",   "a  b",  "end ", "/path/to/file.nc", "0x10"}) {
    Problems problems;
    const Node root = parse_yaml("k: " + yaml_scalar(text) + "  # comment\n", "c", problems);
    ASSERT_TRUE(problems.empty()) << text << problems.report();
    EXPECT_EQ(root.find("k")->value.text, text);
    EXPECT_EQ(root.find("k")->value.kind, Node::Kind::scalar) << text;
  }
}

}  // namespace
}  // namespace meridian
