/*
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What a flame graph does in a browser: zoom, search, fill the width of the window.
 *
 * flamegraph.py puts what follows this comment into each SVG, as the body of a function in
 * strict mode, behind constants that it knows.
 */
/* global BORDER_FROM, CHARACTER, INDENT, MARGIN, SCALE, UNIT, WIDTH */

const svg = document.currentScript.closest("svg");
const alone = svg === document.documentElement;
const one = (selector) => svg.querySelector(selector);
const frames = Array.from(svg.querySelectorAll(".frame"), (element) => ({
	element: element,
	rect: element.querySelector("rect"),
	text: element.querySelector("text"),
	...told(element.querySelector("title").textContent),
	start: Number(element.dataset.x),
	value: Number(element.dataset.v),
	depth: Number(element.dataset.d),
}));
const all = frames[0];
let zoomed = all;
let wanted = "";
let matched = "";
let width = WIDTH;
const subtitle = one(".quiet").textContent;

/* What is told of a frame: its label, and in a last line its numbers. */
function told(tip) {
	const end = tip.lastIndexOf("\n");
	return {label: tip.slice(0, end), numbers: tip.slice(end + 1)};
}

function amount(value) {
	for (let i = 0; i < SCALE.length; i++) {
		const [size, name] = SCALE[i];
		const smaller = i + 1 < SCALE.length ? SCALE[i + 1][0] : 0;
		if (value >= Math.min(size, 999.5 * smaller)) {
			const digits = size > 1 && value < 99.95 * size ? 1 : 0;
			return fixed(value / size, digits) + " " + name;
		}
	}
	return fixed(value, 0) + " " + UNIT;
}

function fixed(number, digits) {
	return number.toLocaleString("en-US", {
		minimumFractionDigits: digits,
		maximumFractionDigits: digits,
	});
}

function fitting(label, width) {
	const room = Math.floor((width - 2 * INDENT) / CHARACTER);
	if (label.length <= room)
		return label;
	return room >= 3 ? label.slice(0, room - 2) + ".." : "";
}

/* As much of the text as leaves room for the numbers after it. */
function fittingWith(text, numbers) {
	const room = width - 2 * MARGIN - CHARACTER * (numbers.length + 1);
	return fitting(text.replace(/\s/g, " "), room) + " " + numbers;
}

function setText(frame, x, width) {
	const label = fitting(frame.label.replace(/\s/g, " "), width);
	if (!frame.text && label) {
		frame.text = document.createElementNS(svg.namespaceURI, "text");
		frame.text.setAttribute("y", Number(frame.rect.getAttribute("y")) + 13);
		frame.element.append(frame.text);
	}
	if (frame.text) {
		frame.text.textContent = label;
		frame.text.setAttribute("x", x + INDENT);
	}
}

function end(frame) {
	return frame.start + frame.value;
}

function place(frame) {
	const first = Math.max(frame.start, zoomed.start);
	const last = Math.min(end(frame), end(zoomed));
	const scale = (width - 2 * MARGIN) / zoomed.value;
	const x = MARGIN + (first - zoomed.start) * scale;
	const own = (last - first) * scale;
	frame.element.style.display = last > first ? "" : "none";
	if (last <= first)
		return;
	frame.rect.setAttribute("x", x);
	frame.rect.setAttribute("width", own);
	frame.element.classList.toggle("wide", own >= BORDER_FROM);
	frame.element.classList.toggle("outer", frame.depth < zoomed.depth);
	setText(frame, x, own);
}

function layOut() {
	width = alone ? svg.getBoundingClientRect().width : WIDTH;
	svg.setAttribute("viewBox", "0 0 " + width + " " + svg.getAttribute("height"));
	one(".buttons").setAttribute("x", width - MARGIN);
	one(".quiet").textContent = fitting(subtitle, width - 2 * MARGIN);
	showMatched();
	for (const frame of frames)
		place(frame);
}

function zoom(frame) {
	zoomed = frame;
	layOut();
}

function pattern() {
	try {
		return new RegExp(wanted, "i");
	} catch (error) {
		return new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
	}
}

/* A frame inside one that was found is part of it: the sum has each value once. */
function search(text) {
	let sum = 0;
	let counted = 0;
	wanted = text;
	const expression = pattern();
	for (const frame of frames) {
		const found = wanted !== "" && frame !== all && expression.test(frame.label);
		frame.element.classList.toggle("found", found);
		if (found && frame.start >= counted) {
			sum += frame.value;
			counted = end(frame);
		}
	}
	const percent = (100 * sum / all.value).toFixed(2);
	matched = amount(sum) + ", " + percent + " %";
	showMatched();
}

function showMatched() {
	one(".matched").textContent = wanted === "" ? "" :
		fittingWith("/" + wanted + "/", matched);
}

function ask() {
	const answer = window.prompt("Function, file or regular expression:", wanted);
	if (answer !== null)
		search(answer);
}

function reset() {
	search("");
	zoom(all);
}

function frameOf(event) {
	const element = event.target.closest(".frame");
	return frames.find((frame) => frame.element === element);
}

svg.addEventListener("click", (event) => {
	const frame = frameOf(event);
	if (frame)
		zoom(frame);
});
svg.addEventListener("mouseover", (event) => {
	const frame = frameOf(event);
	one(".detail").textContent = frame ? fittingWith(frame.label, frame.numbers) : "";
});
one(".search").addEventListener("click", ask);
one(".reset").addEventListener("click", reset);
window.addEventListener("keydown", (event) => {
	if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f") {
		event.preventDefault();
		ask();
	} else if (event.key === "Escape") {
		reset();
	}
});
window.addEventListener("resize", layOut);
one(".buttons").style.visibility = "visible";
if (alone)
	svg.setAttribute("width", "100%");
layOut();
/* The root is at the bottom. */
if (alone)
	window.scrollTo(0, document.documentElement.scrollHeight);
