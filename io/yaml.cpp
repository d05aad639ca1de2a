#include "io/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace meridian {
namespace {

/// Thrown to leave the parser; the reason is in the problems.
struct Stop {};

/// The text that yaml-cpp sees, and places in it.
class Source {
 public:
  Source(std::string text, std::string file) : text_(std::move(text)), file_(std::move(file)) {
    line_begins_.push_back(0);
    for (std::size_t n = 0; n < text_.size(); ++n) {
      if (text_[n] == '\n') line_begins_.push_back(n + 1);
    }
  }

  const std::string& text() const { return text_; }

  Location place(std::size_t offset) const {
    const auto next = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
    const std::size_t begin = *(next - 1);
    const std::string_view before(text_.data() + begin, offset - begin);
    return {file_, static_cast<int>(next - line_begins_.begin()), n_characters(before) + 1};
  }
  std::size_t offset(const YAML::Mark& mark) const {  // yaml-cpp counts lines and bytes from 0
    const std::size_t line = std::min<std::size_t>(std::max(mark.line, 0), line_begins_.size() - 1);
    return std::min(line_begins_[line] + static_cast<std::size_t>(std::max(mark.column, 0)), text_.size());
  }
  Location place(const YAML::Mark& mark) const { return place(offset(mark)); }

 private:
  std::string text_, file_;
  std::vector<std::size_t> line_begins_;
};

/// Length in bytes of the UTF-8 character at 'n', 0 when it is none (RFC 3629: no overlong forms, no surrogates).
std::size_t utf8_length(const std::string& text, std::size_t n) {
  const auto byte = [&](std::size_t k) { return n + k < text.size() ? static_cast<unsigned char>(text[n + k]) : 0u; };
  const auto follows = [&](std::size_t k) { return (byte(k) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    const bool allowed = !(first == 0xE0 && byte(1) < 0xA0) && !(first == 0xED && byte(1) > 0x9F);
    return allowed && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5) {
    const bool allowed = !(first == 0xF0 && byte(1) < 0x90) && !(first == 0xF4 && byte(1) > 0x8F);
    return allowed && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_control(const std::string& text, std::size_t n) {
  const auto byte = static_cast<unsigned char>(text[n]);
  if (byte < 0x20 || byte == 0x7F) return true;
  return byte == 0xC2 && n + 1 < text.size() && static_cast<unsigned char>(text[n + 1]) < 0xA0;  // U+0080 to U+009F
}

/// True where the quoted text that begins at 'begin' has its closing quote; yaml-cpp misses an open one before the end.
bool is_closed(const std::string& text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t n = begin + 1; n < text.size(); ++n) {
    const bool escape = quote == '"' ? text[n] == '\\' : text.compare(n, 2, "''") == 0;
    if (escape) {
      ++n;
    } else if (text[n] == quote) {
      return true;
    }
  }
  return false;
}

bool holds_control(const std::string& text) {
  for (std::size_t n = 0; n < text.size(); ++n) {
    if (is_control(text, n)) return true;
  }
  return false;
}

/// What must hold before a parser sees the bytes.
void check_characters(const Source& source, Problems& problems, const std::string& kind) {
  const std::string& text = source.text();
  const auto refuse = [&](std::size_t n, const std::string& sentence, const std::string& hint) {
    problems.add({source.place(n), sentence, hint});
    throw Stop();
  };
  for (std::size_t n = 0; n < text.size();) {
    const std::size_t length = utf8_length(text, n);
    if (length == 0) refuse(n, "this byte is not UTF-8 text", "is this a " + kind + " file? save it as UTF-8");
    if (text[n] == '\0') refuse(n, "the file holds a NUL byte", "is this a " + kind + " file? save it as UTF-8");
    if (text[n] == '\t') refuse(n, "tabs are not allowed", "indent with spaces");
    if (text[n] != '\n' && is_control(text, n)) refuse(n, "control characters are not allowed", "remove it");
    if (text[n] == '%' && (n == 0 || text[n - 1] == '\n')) {
      refuse(n, "YAML directives (%) are not allowed", "remove the line");
    }
    n += length;
  }
}

class Builder : public YAML::EventHandler {
 public:
  Builder(const Source& source, Problems& problems, const std::string& kind)
      : source_(source), problems_(problems), kind_(kind) {}

  Node root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (n_documents_++ == 0) return;
    add(source_.place(mark), "a second document begins here", "a " + kind_ + " file is one document: remove '---'");
    throw Stop();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (at_key()) {
      add(source_.place(mark), "a key is missing before ':'", "");
      throw Stop();
    }
    put(plain_node(mark, anchor, "", Node::Kind::empty));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    add(source_.place(mark), "aliases (*) are not allowed", "write the value out");
    if (at_key()) throw Stop();
    put(broken_node(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    Node node = plain_node(mark, anchor, tag, Node::Kind::scalar);
    node.text = text;
    node.quoted = tag == "!";
    node.width = n_characters(text) + (node.quoted ? 2 : 0);
    const std::size_t offset = source_.offset(mark);
    const bool in_quotes = node.quoted && (source_.text()[offset] == '"' || source_.text()[offset] == '\'');
    if (in_quotes && !is_closed(source_.text(), offset)) {
      add(node.location, "a quote is not closed", "add the closing quote");
      throw Stop();
    }
    if (holds_control(text)) {
      const bool lines = text.find('\n') != std::string::npos;
      add(node.location, lines ? "a value must be a single line" : "control characters are not allowed",
          lines ? "write it in one line, or fold it with '>-'" : "remove the escape sequence");
      node.kind = Node::Kind::broken;
    }
    at_key() ? put_key(node) : put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(plain_node(mark, anchor, tag, Node::Kind::sequence));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(plain_node(mark, anchor, tag, Node::Kind::map));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    std::map<std::string, int> first_lines;  // of the keys so far
    std::optional<Entry> entry;              // key whose value comes next
    bool dropped = false;                    // that key is refused: its value is not kept
  };

  void add(const Location& location, const std::string& sentence, const std::string& hint, int width = 1) {
    problems_.add({location, sentence, hint, width});
  }
  bool at_key() const { return !open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().entry; }

  Node broken_node(const YAML::Mark& mark) {
    Node node;
    node.kind = Node::Kind::broken;
    node.location = source_.place(mark);
    return node;
  }

  /// A node without content; anchors and tags are refused here.
  Node plain_node(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag, Node::Kind kind) {
    Node node;
    node.kind = kind;
    node.location = source_.place(mark);
    const std::size_t offset = source_.offset(mark);
    const char first = offset < source_.text().size() ? source_.text()[offset] : ' ';
    if (anchor != 0) add(node.location, "anchors (&) are not allowed", "write the value out where it is needed");
    const bool tagged = (first == '!') || (!tag.empty() && tag != "?" && tag != "!");
    if (tagged) add(node.location, "tags (!) are not allowed", "the type of a key is fixed: remove the tag");
    return node;
  }

  std::string path(const std::string& key) const {
    std::string text;
    for (const auto& open : open_) {
      if (open.entry) text += open.entry->key + ".";
      if (open.node.kind == Node::Kind::sequence) {
        if (!text.empty()) text.pop_back();
        text += "[" + std::to_string(open.node.elements.size()) + "].";
      }
    }
    return text + key;
  }

  void put_key(const Node& node) {
    auto& open = open_.back();
    const std::string name = shortened(path(node.text));
    const auto [first, is_new] = open.first_lines.emplace(node.text, node.location.line);
    open.dropped = true;
    if (node.text == "<<") {
      add(node.location, "merge keys (<<) are not allowed", "write the keys out", 2);
    } else if (!is_new) {
      add(node.location, "duplicate key '" + name + "'",
          "it stands in line " + std::to_string(first->second) + " already: remove one of them", node.width);
    } else if (!node.quoted && node.text.find(':') != std::string::npos) {
      add(node.location, "'" + shortened(node.text) + "' needs a space after the ':'", "", node.width);
    } else {
      open.dropped = node.kind == Node::Kind::broken;
    }
    open.entry = Entry{node.text, node.location, {}};
  }

  void put(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    auto& open = open_.back();
    if (open.node.kind == Node::Kind::sequence) {
      open.node.elements.push_back(std::move(node));
      return;
    }
    open.entry->value = std::move(node);
    if (!open.dropped) open.node.entries.push_back(std::move(*open.entry));
    open.entry.reset();
  }

  void open(Node node) {
    if (at_key()) {
      add(node.location, "a key must be a word, not a list or a group", "or is a bracket not closed?");
      throw Stop();
    }
    if (open_.size() == largest_yaml_depth) {
      add(node.location, "nested deeper than " + std::to_string(largest_yaml_depth) + " levels", "");
      throw Stop();
    }
    open_.push_back(Open{std::move(node), {}, {}});
  }

  void close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    put(std::move(node));
  }

  const Source& source_;
  Problems& problems_;
  const std::string& kind_;
  std::vector<Open> open_;
  int n_documents_ = 0;
};

/// yaml-cpp's words for a syntax error in ours, and what to do.
std::pair<std::string, std::string> explain(const std::string& message) {
  static const std::map<std::string, std::pair<std::string, std::string>> known = {
      {"illegal map value",
       {"a ':' stands where no key can be",
        "check the indentation and the ':' of the lines above; put a text that holds ': ' in quotes"}},
      {"end of map not found",
       {"this does not fit the lines above", "check the indentation, and the ':' and space after each key"}},
      {"end of sequence not found", {"this does not fit the list above", "check the indentation and the '- '"}},
      {"end of map flow not found", {"'{' is not closed", "add '}', and a comma between the entries"}},
      {"end of sequence flow not found", {"'[' is not closed", "add ']', and a comma between the elements"}},
      {"illegal EOF in scalar", {"a quote is not closed", "add the closing quote"}},
      {"illegal document indicator in scalar", {"a quote is not closed", "add the closing quote"}},
      {"illegal block entry", {"a '-' stands where no list can be", "check the indentation"}},
      {"illegal map key", {"a '?' stands where no key can be", "put the text in quotes"}},
      {"illegal flow end", {"this bracket does not match an opened one", "check '[' with ']' and '{' with '}'"}},
      {"the referenced anchor is not defined", {"aliases (*) are not allowed", "write the value out"}},
      {"cannot assign multiple tags to the same node", {"tags (!) are not allowed", "remove them"}},
      {"cannot assign multiple anchors to the same node", {"anchors (&) are not allowed", "remove them"}},
      {"unknown escape character", {"unknown escape sequence", "use single quotes, or write a backslash twice"}},
      {"unknown token", {"no value can begin with this character", "put the text in quotes"}},
  };
  for (const auto& [words, explanation] : known) {
    if (message.starts_with(words)) return explanation;
  }
  if (message.starts_with("invalid tag") || message.find(" tag ") != std::string::npos) {
    return {"tags (!) are not allowed", "the type of a key is fixed: remove the tag"};
  }
  return {message, ""};
}

void parse(const Source& source, Builder& builder, Problems& problems) {
  std::istringstream stream(source.text());
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const auto [sentence, hint] = explain(error.msg);
    problems.add({source.place(error.mark), sentence, hint});
    throw Stop();
  }
}

/// yaml-cpp would turn CRLF and the byte order mark into columns; take them away first.
std::string normalised(const std::string& text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t n = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; n < text.size(); ++n) {
    if (text[n] == '\r' && n + 1 < text.size() && text[n + 1] == '\n') continue;
    result += text[n];
  }
  return result;
}

Node broken() {
  Node node;
  node.kind = Node::Kind::broken;
  return node;
}

void move_to(Node& node, const Location& location) {
  node.location = location;
  for (auto& entry : node.entries) {
    entry.location = location;
    move_to(entry.value, location);
  }
  for (auto& element : node.elements) move_to(element, location);
}

}  // namespace

const Entry* Node::find(std::string_view key) const {
  const auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
  return entry == entries.end() ? nullptr : &*entry;
}

Entry* Node::find(std::string_view key) { return const_cast<Entry*>(std::as_const(*this).find(key)); }

Node parse_yaml(const std::string& text, const std::string& file, Problems& problems, const std::string& kind) {
  if (text.size() > largest_yaml_bytes) {
    problems.add({{file}, "the file is larger than 1 MiB", "is this a " + kind + " file?"});
    return broken();
  }
  const Source source(normalised(text), file);
  problems.add_source(file, source.text());
  Builder builder(source, problems, kind);
  try {
    check_characters(source, problems, kind);
    parse(source, builder, problems);
  } catch (const Stop&) {
    return broken();
  }
  if (builder.root.kind == Node::Kind::empty) {
    problems.add({{file, 1, 1}, "the file is empty", "see the " + kind + "s in 'meridian list " + kind + "s'"});
    return broken();
  }
  if (builder.root.kind != Node::Kind::map && builder.root.kind != Node::Kind::broken) {
    problems.add({builder.root.location, "the file must hold lines of the form 'key: value'", ""});
    return broken();
  }
  return builder.root;
}

Node parse_yaml_value(const std::string& text, const Location& location, Problems& problems) {
  const Source source(text, "");
  Problems found;
  const std::string kind = "case";
  Builder builder(source, found, kind);
  try {
    check_characters(source, found, kind);
    parse(source, builder, found);
  } catch (const Stop&) {
    builder.root = broken();
  }
  for (const auto& problem : found.all()) problems.add({location, problem.sentence, problem.hint});
  move_to(builder.root, location);
  return builder.root;
}

std::string yaml_scalar(const std::string& text) {
  const auto safe = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || (c && std::strchr("_./+-", c));
  };
  static const char* const not_text[] = {"null", "Null", "NULL", "true", "false", "-", "."};
  const bool plain = !text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) && text.back() != ' ' &&
                     std::all_of(text.begin(), text.end(), [&](char c) { return safe(c) || c == ' '; }) &&
                     text.find("  ") == std::string::npos &&
                     std::find(std::begin(not_text), std::end(not_text), text) == std::end(not_text);
  if (plain) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

}  // namespace meridian
