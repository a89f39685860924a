// The reference: openapi.json, which lies beside this page, as a page to read. The local stack makes it of
// docs/openapi.yaml; whoever copies the page to another host copies openapi.json with it.

import { h } from "./page.js";

const METHODS = ["get", "head", "post", "delete"];
const view = document.getElementById("view");

/** Paragraphs, `code`, **strong words** and lists of the little Markdown that the description is written in. */
function prose(text, className) {
  const paragraphs = (text ?? "").trim().split(/\n\s*\n/).filter(Boolean);
  return paragraphs.map((paragraph) => h("p", { class: className }, ...words(paragraph)));
}

function words(text) {
  return (text ?? "").split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    return part;
  });
}

/** A description that can be asked for what a reference leads to. */
class Description {
  constructor(root) { this.root = root; }

  resolve(value) {
    if (!value?.$ref) return value;
    const steps = value.$ref.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const target = this.resolve(steps.reduce((found, step) => found[step], this.root));
    const { $ref, ...beside } = value;
    return { ...target, ...beside };
  }

  /** The operations of a tag, in the description's order. */
  operations(tag) {
    return Object.entries(this.root.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]?.tags?.includes(tag)).map((method) => {
        const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])];
        return { method, path, ...item[method], parameters: parameters.map((it) => this.resolve(it)) };
      }));
  }
}

/** What a value may be, in a few words. */
function kind(schema) {
  const parts = [];
  if (schema.const !== undefined) parts.push(JSON.stringify(schema.const));
  else if (schema.enum) parts.push(schema.enum.map((value) => JSON.stringify(value)).join(" | "));
  else if (schema.type) parts.push([].concat(schema.type).join(" or "));
  if (schema.format) parts.push(`(${schema.format})`);
  if (schema.minimum !== undefined || schema.maximum !== undefined) {
    parts.push(`${schema.minimum ?? "…"} to ${schema.maximum?.toLocaleString("en") ?? "…"}`);
  }
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.join(" ");
}

function field(description, name, value, must) {
  const schema = description.resolve(value);
  const inner = schema.type === "array" ? description.resolve(schema.items ?? {}) : schema;
  return h("li", {},
    h("code", {}, name), " ",
    h("span", { class: "kind" }, schema.type === "array" ? `array of ${kind(inner)}` : kind(schema)), " ",
    must && h("span", { class: "must" }, "required"),
    schema.description && h("p", {}, ...words(schema.description)),
    inner.properties && fields(description, inner));
}

function fields(description, schema) {
  const must = new Set(schema.required ?? []);
  const entries = Object.entries(schema.properties ?? {});
  return entries.length > 0 && h("ul", { class: "fields" },
    entries.map(([name, value]) => field(description, name, value, must.has(name))));
}

/** A schema, whatever it is the schema of. */
function shape(description, value) {
  const schema = description.resolve(value);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((choice, index) => [index > 0 && h("p", {}, "or"), shape(description, choice)]);
  if (schema.properties) return fields(description, schema);
  if (schema.type === "array") return h("ul", { class: "fields" }, field(description, "[…]", schema, false));
  return schema.format === "binary" ? h("p", {}, "Bytes.") : undefined;
}

function code(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return h("pre", { tabindex: "0", role: "region", "aria-label": "Example" }, h("code", {}, text));
}

/** What stands under `content`: each media type with its schema and its examples. */
function content(description, contents) {
  return Object.entries(contents ?? {}).map(([type, { schema, example, examples }]) => [
    type !== "*/*" && h("p", {}, h("code", {}, type)),
    schema && shape(description, schema),
    example !== undefined && code(example),
    Object.values(examples ?? {}).map((it) => code(description.resolve(it).value)),
  ]);
}

function security(description, operation) {
  const schemes = description.root.components.securitySchemes;
  const choices = (operation.security ?? []).map((choice) => Object.keys(choice)[0]);
  if (choices.length === 0) return h("p", {}, "Open to everybody.");
  return h("ul", { class: "fields" }, choices.map((name) => {
    if (!name) return h("li", {}, "or nothing");
    const scheme = schemes[name];
    const where = scheme.type === "http" ? `Authorization: Bearer` : `${scheme.in} ${scheme.name}`;
    return h("li", {}, h("code", {}, where), scheme.description && h("p", {}, ...words(scheme.description)));
  }));
}

function answer(description, [status, value]) {
  const response = description.resolve(value);
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) => [name, description.resolve(header)]);
  return h("details", { class: "answer" },
    h("summary", {},
      h("strong", { class: status < 400 ? "good-status" : "bad-status" }, status), ...words(response.description)),
    h("div", {},
      headers.length > 0 && h("ul", { class: "fields" }, headers.map(([name, header]) =>
        h("li", {}, h("code", {}, name), header.description && h("p", {}, ...words(header.description))))),
      content(description, response.content)));
}

function operation(description, it) {
  const body = description.resolve(it.requestBody);
  return h("article", { class: "operation", id: it.operationId, "aria-labelledby": `${it.operationId}-name` },
    h("h3", { id: `${it.operationId}-name` },
      h("span", { class: "verb", "data-method": it.method }, it.method.toUpperCase()),
      h("a", { href: `#${it.operationId}` }, it.path)),
    h("p", { class: "lead" }, ...words(it.summary)),
    prose(it.description),
    it["x-streamed"] && h("p", {}, "Its answer is streamed."),
    h("h4", {}, "Who may"), security(description, it),
    it.parameters.length > 0 && [h("h4", {}, "Parameters"), h("ul", { class: "fields" }, it.parameters.map((one) =>
      field(description, one.name, { ...description.resolve(one.schema), description: `In the ${one.in}. ${one.description ?? ""}` }, one.required)))],
    body && [h("h4", {}, "Body"), content(description, body.content)],
    h("h4", {}, "Answers"), Object.entries(it.responses).map((one) => answer(description, one)));
}

/** The list of operations, and a field that narrows it and the page. */
function contents(tags) {
  const search = h("input", { id: "search", type: "search", autocomplete: "off" });
  const lists = tags.map(({ name, operations }) => h("div", { class: "tag" }, h("h2", {}, name), h("ul", {}, operations.map((it) =>
    h("li", { "data-operation": it.operationId }, h("a", { href: `#${it.operationId}` },
      h("span", { class: "verb", "data-method": it.method }, it.method.toUpperCase()), it.path))))));
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const { operations } of tags) {
      for (const it of operations) {
        const text = `${it.method} ${it.path} ${it.summary} ${it.operationId}`.toLowerCase();
        const hidden = !text.includes(wanted);
        document.getElementById(it.operationId).hidden = hidden;
        document.querySelector(`[data-operation="${it.operationId}"]`).hidden = hidden;
      }
    }
    for (const list of lists) list.hidden = !list.querySelector("li:not([hidden])");
  });
  const place = document.getElementById("contents");
  const wide = matchMedia("(min-width: 56.01rem)");
  const folded = h("details", {}, h("summary", {}, "Operations"),
    h("div", { class: "field" }, h("label", { for: "search" }, "Find an operation"), search), lists);
  const fold = () => { folded.open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();
  place.replaceChildren(folded);
  place.hidden = false;
}

function show(root) {
  const description = new Description(root);
  const tags = root.tags.map((tag) => ({ ...tag, operations: description.operations(tag.name) }));
  contents(tags);
  const anywhere = Object.entries(root["x-any-path"] ?? {});
  view.replaceChildren(...[
    h("h1", {}, `${root.info.title} API ${root.info.version}`),
    prose(root.info.description, "lead"),
    h("h2", {}, "Servers"),
    h("ul", {}, root.servers.map((server) => h("li", {}, h("code", {}, server.url), ` ${server.description}`))),
    h("p", {}, "The same in ", h("a", { href: "openapi.yaml" }, "YAML"), " and in ", h("a", { href: "openapi.json" }, "JSON"), "."),
    ...tags.flatMap(({ name, description: about, operations }) =>
      [h("h2", {}, name), prose(about), operations.map((it) => operation(description, it))]),
    h("h2", {}, "On any path"), anywhere.map((one) => answer(description, one)),
  ].flat(3));
  // What the address names was not there yet when the page was opened.
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

try {
  const found = await fetch("openapi.json");
  if (!found.ok) throw new Error(`${found.status}`);
  show(await found.json());
} catch (trouble) {
  view.replaceChildren(h("p", { class: "alert", role: "alert" },
    `There is no openapi.json beside this page (${trouble.message}). The local stack serves it: cargo run, then take it from /openapi.json.`));
}
