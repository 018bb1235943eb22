import js from "@eslint/js";
import globals from "globals";

/** Text from elsewhere only ever becomes a text node. */
const MARKUP = ["innerHTML", "outerHTML", "insertAdjacentHTML", "write", "writeln"];

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2022, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-properties": ["error", ...MARKUP.map((property) => ({ property, message: "Use textContent." }))],
      "no-control-regex": "off", // control characters are what the one such expression takes out
    },
  },
  {
    files: ["flask_dispy/static/js/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { "max-lines-per-function": ["error", { max: 80 }] },
  },
  { files: ["flask_dispy/static/js/frame/early.js"], languageOptions: { sourceType: "script" } },
  { files: ["tests/js/**/*.js"], languageOptions: { globals: { ...globals.browser, ...globals.nodeBuiltin } } },
];
